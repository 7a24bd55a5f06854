// Trains a model file on digits into a run directory, and says every step. The parent kills it at some step.
// usage: node train-child.mjs MODEL.onnx DIRECTORY METHOD
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digits, read, train, write } from "espalier";
import { directory, node } from "espalier/node";
import { methods } from "./resume-methods.mjs";

const [file, path, name] = process.argv.slice(2);
const run = train(read(await readFile(file)), digits({ train: 330, test: 50, seed: 5 }), {
  engine: node({ threads: 2 }),
  ...methods[name],
  epochs: 4,
  batchSize: 32,
  seed: 7,
  augment: { crop: 2, flip: true },
  store: directory(path),
  resume: true,
  checkpointSeconds: 0.05,
  onProgress: () => process.stdout.write("step\n"),
});
for await (const _ of run);
await writeFile(join(path, "model.onnx"), write(run.model));
