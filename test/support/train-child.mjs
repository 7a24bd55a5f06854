// Trains a model file on digits into a run directory, and says every step. The parent kills it at some step.
// usage: node train-child.mjs MODEL.onnx DIRECTORY rmda|sgd|proxSgd
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cosine, digits, groupLasso, multiStep, proxSgd, read, rmda, sgd, train, write } from "espalier";
import { directory, node } from "espalier/node";

const [file, path, name] = process.argv.slice(2);
const methods = {
  rmda: {
    optimizer: rmda({ c: 0.1 }),
    schedule: multiStep({ lr: 0.05, milestones: [1, 2] }),
    penalty: groupLasso({ lambda: 1e-3 }),
  },
  sgd: { optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }), schedule: cosine({ lr: 0.02 }) },
  proxSgd: {
    optimizer: proxSgd(),
    schedule: multiStep({ lr: 0.05, milestones: [2] }),
    penalty: groupLasso({ lambda: 1e-3 }),
  },
};
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
