// A run of four epochs into a directory: what a child is killed in, and what goes on with it or is left alone.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digits, read, train, write } from "espalier";
import { directory, node } from "espalier/node";
import { methods } from "./resume-methods.mjs";

/** Begins or goes on, to the end; writes model.onnx beside the run's files. */
export async function trainInto(file, path, name, onProgress) {
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
    onProgress,
  });
  for await (const _ of run);
  await writeFile(join(path, "model.onnx"), write(run.model));
}
