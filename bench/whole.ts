/**
 * Whole runs to a size, epoch by epoch in turn: Espalier that shrinks while it trains, Espalier that does not, and PyTorch with the same
 * optimizer on the network as it is. Writes bench/results/whole.json. MNIST and CIFAR-10 must be there (`espalier data get`).
 */
import { Command } from "commander";
import { begin } from "../experiments/record.ts";
import { type WholeRow, wholeTable } from "../experiments/speed-tables.ts";
import { type Dataset, limitTrain } from "../src/data/dataset.ts";
import { node } from "../src/engine/node.ts";
import { builtIns } from "../src/models/index.ts";
import { datasets } from "../src/node/datasets.ts";
import { rmda } from "../src/optim/rmda.ts";
import { multiStep } from "../src/optim/schedule.ts";
import { structureTarget } from "../src/pipeline/target-structure.ts";
import { groupLasso } from "../src/prox/group-lasso.ts";
import { cost } from "../src/shrink/cost.ts";
import { shrink } from "../src/shrink/shrink.ts";
import type { Run } from "../src/train/run.ts";
import { train } from "../src/train/train.ts";
import { apartOfTorch, besideTorch, list, positiveInteger, type RoundOptions, root, rounded } from "./arguments.ts";
import { type TimedEpoch, type TimedRun, timedRun, torchRun } from "./epochs.ts";
import { quiet } from "./machine.ts";

/** What a run is of: few images, so that it takes minutes. `keep` is the share of the parameters. */
interface Whole {
  readonly data: string;
  readonly images: number;
  readonly test: number;
  readonly batch: number;
  readonly lr: number;
  readonly keep: number;
}
const wholes: Readonly<Record<string, Whole>> = {
  lenet5: { data: "mnist", images: 6400, test: 2000, batch: 128, lr: 0.1, keep: 0.05 },
  resnet20: { data: "cifar10", images: 1920, test: 500, batch: 64, lr: 0.3, keep: 0.2 },
  vgg19: { data: "cifar10", images: 640, test: 250, batch: 32, lr: 0.1, keep: 0.008 },
};
const names = Object.keys(wholes);
const C = 0.1;
const LAMBDA = 1e-4;
const SHRINKING = "Espalier, shrinking";
const KEEPING = "Espalier, not shrinking";

const program = besideTorch(rounded(new Command("whole")))
  .description("Times whole runs to a size, with and without shrinking on the way, and PyTorch's of the whole network.")
  .option("--models <names>", "comma-separated", list(names), names)
  .option("--epochs <n>", "of each run", positiveInteger, 10)
  .option("--until <share>", "part of the epochs after which the structure is cut and stands", Number, 0.2)
  .option("--share <part>", "of the samples that are trained on, for a draft", Number, 1)
  .option("--data-root <folder>", "where the data sets are")
  .addHelpText("after", "\nExample:\n  npm run build && node dist/bench/whole.js --python /path/to/venv/bin/python");
program.parse();
const options = program.opts<
  RoundOptions & { models: string[]; epochs: number; until: number; share: number; dataRoot?: string; python: string }
>();
const { threads, wait, draft, epochs, until, share, python } = options;
const imagesOf = (name: string): number => Math.round(wholes[name].images * share);
const recording = begin({ name: "whole", results: "bench/results", draft, apart: apartOfTorch, root: root() });
const engine = node({ threads });
const milestone = Math.round(0.8 * epochs);
const rows: WholeRow[] = [];
const versions = new Set<string>();
const content = () => ({
  settings: {
    ...{ optimizer: "rmda", c: C, lambda: LAMBDA, epochs, until, milestones: [milestone], threads, seed: 1 },
    keep: Object.fromEntries(options.models.map((name) => [name, wholes[name].keep])),
    images: options.models.map(imagesOf).join(", "),
  },
  rows,
});

function espalier(name: string, data: Dataset, shrinking: boolean): Run {
  const { batch, lr, keep } = wholes[name];
  return train(builtIns.get(name)!({ seed: 1 }), data, {
    engine,
    optimizer: rmda({ c: C }),
    schedule: multiStep({ lr, milestones: [milestone], gamma: 0.1 }),
    penalty: groupLasso({ lambda: LAMBDA }),
    target: structureTarget({ keep, until }),
    epochs,
    batchSize: batch,
    seed: 1,
    shrinkEvery: shrinking && 1,
  });
}

/** All runs, an epoch of each in turn; who begins alternates. */
async function inTurn(runs: readonly TimedRun[]): Promise<TimedEpoch[][]> {
  const told = runs.map((): TimedEpoch[] => []);
  for (let e = 0; e < epochs; e++) {
    await quiet(wait);
    for (let k = 0; k < runs.length; k++) {
      const i = (k + e) % runs.length;
      told[i].push(await runs[i].epoch());
    }
    console.error(`  epoch ${e + 1}: ${told.map((of) => `${of[e].seconds.toFixed(1)} s`).join(", ")}`);
  }
  return told;
}

async function measure(name: string): Promise<void> {
  const { data: set, test, batch, lr, keep } = wholes[name];
  const images = imagesOf(name);
  const whole = await datasets.open(set, { root: options.dataRoot });
  const some = limitTrain(whole, images, 1);
  const data: Dataset = { ...some, test: limitTrain({ ...some, train: whole.test }, test, 1).train };
  const runs = [espalier(name, data, true), espalier(name, data, false)];
  const mine = await Promise.all(runs.map((run) => timedRun(run, Math.ceil(images / batch))));
  const task = { model: name, batch, threads, method: "rmda" };
  const theirs = await torchRun(python, task, data, (e) => ({
    ...{ lr: e < milestone ? lr : lr / 10, c: C, restart: e === milestone },
  }));
  const sides = [...mine, theirs];
  console.error(`${name}: ${SHRINKING}; ${KEEPING}; PyTorch, dense`);
  const told = await inTurn(sides);
  for (const side of sides) {
    versions.add(side.version);
    await side.close();
  }
  const full = cost(runs[0].model).params;
  for (const [i, side] of [SHRINKING, KEEPING, "PyTorch, dense"].entries()) {
    const last = told[i].at(-1)!;
    const run = runs[i] as Run | undefined;
    rows.push({
      ...{ model: name, side, seed: 1, keep: run ? keep : null, testAccuracy: last.testAccuracy },
      groupSparsity: run ? run.history.at(-1)!.groupSparsity : null,
      params: run ? cost((await shrink(run.model, { engine })).model).params : full,
      seconds: told[i].map(({ seconds }) => seconds),
      othersCores: Math.max(...told[i].map(({ othersCores = 0 }) => othersCores)),
    });
  }
  await recording.keep([...versions], content()); // so that an interrupted benchmark keeps what it measured
}

for (const name of options.models) await measure(name);
console.log(wholeTable({ rows }));
await recording.write([...versions], content());
