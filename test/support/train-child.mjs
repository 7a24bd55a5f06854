// Trains a model file on digits into a run directory, and says every step. The parent kills it at some step.
// usage: node train-child.mjs MODEL.onnx DIRECTORY METHOD
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as espalier from "espalier";
import { directory, node } from "espalier/node";

const [file, path, name] = process.argv.slice(2);
const { constant, cosine, groupLasso, l1, multiStep } = espalier;
const staged = multiStep({ lr: 0.05, milestones: [1, 2] });
const penalty = groupLasso({ lambda: 1e-3 });
const methods = {
  sgd: { optimizer: espalier.sgd({ momentum: 0.9, weightDecay: 1e-4 }), schedule: cosine({ lr: 0.02 }) },
  adamw: { optimizer: espalier.adamw(), schedule: constant({ lr: 1e-3 }) },
  proxSgd: { optimizer: espalier.proxSgd(), schedule: staged, penalty },
  proxSgdYang: { optimizer: espalier.proxSgd({ form: "yang" }), schedule: constant({ lr: 0.06 }), penalty },
  proxSsi: { optimizer: espalier.proxSsi(), schedule: constant({ lr: 1e-3 }), penalty },
  proxGen: { optimizer: espalier.proxGen(), schedule: constant({ lr: 1e-3 }), penalty },
  rda: { optimizer: espalier.rda(), schedule: constant({ lr: 0.05 }), penalty: l1({ lambda: 1e-3 }) },
  rmda: { optimizer: espalier.rmda({ c: 0.1 }), schedule: staged, penalty },
  ramda: { optimizer: espalier.ramda({ c: 0.1 }), schedule: multiStep({ lr: 0.01, milestones: [1, 2] }), penalty },
  proxSsiBlock: {
    optimizer: espalier.proxSsi(),
    schedule: constant({ lr: 1e-3 }),
    penalty: groupLasso({ lambda: 1e-3, groups: { block: [4, 4] } }),
  },
  proxSgdNm: { optimizer: espalier.proxSgd(), schedule: staged, penalty: espalier.nm() },
  rmdaNuclear: {
    optimizer: espalier.rmda({ c: 0.1 }),
    schedule: staged,
    penalty: espalier.nuclear({ lambda: 0.02 }),
  },
  hspg: {
    optimizer: espalier.hspg({ switchEpoch: 2, momentum: 0.5 }),
    schedule: constant({ lr: 0.05 }),
    penalty: espalier.wgsef({ lambda: 2, keep: 0.5 }),
  },
  rigl: { optimizer: espalier.rigl({ updateEvery: 3 }), schedule: staged },
  magnitude: { optimizer: espalier.magnitude({ updateEvery: 5 }), schedule: staged },
  grda: { optimizer: espalier.grda(), schedule: staged },
};
const { digits, read, train, write } = espalier;
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
