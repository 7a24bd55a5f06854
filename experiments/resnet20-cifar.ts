/**
 * ResNet-20 on CIFAR-10 (here: a subset, see the record's counts) with coupled groups through residual streams, 15 epochs.
 * Run: node dist/experiments/resnet20-cifar.js [DATA_ROOT] [LAMBDA]
 */
import { groupLasso, models, multiStep, percent, rmda, train } from "espalier";
import { datasets, node } from "espalier/node";
import { figuresOf } from "./figures.ts";
import { record } from "./record.ts";

const [root, lambda = "5e-4"] = process.argv.slice(2);
const data = await datasets.open("cifar10", { root });
const engine = node();
const milestones = [8, 12];
const run = train(models.resnet20({ seed: 1 }), data, {
  engine,
  optimizer: rmda({ c: 0.1, restarts: [8] }), // a restart at 12 would revive groups that three epochs cannot find again
  schedule: multiStep({ lr: 0.5, milestones, gamma: 0.1 }),
  penalty: groupLasso({ lambda: Number(lambda), groups: "coupled" }),
  epochs: 15,
  seed: 1,
});
for await (const m of run)
  console.error(
    `epoch ${m.epoch}: loss ${m.loss.toFixed(4)}, test ${m.testAccuracy}, groups ${m.groupSparsity.toFixed(4)}, ${m.msPerStep.toFixed(0)} ms`,
  );
const row = { lambda: Number(lambda), ...(await figuresOf(run, data, engine)) };
console.log(
  `${percent(row.testAccuracy)} (small ${percent(row.smallAccuracy)}), parameters kept ${percent(row.params.after / row.params.before)}`,
);
await record(engine, {
  name: "resnet20-cifar",
  command: "node dist/experiments/resnet20-cifar.js",
  settings: {
    model: "resnet20",
    data: "cifar10",
    train: data.train.count,
    test: data.test.count,
    epochs: 15,
    milestones,
    lr: 0.5,
    c: 0.1,
    restarts: [8],
    groups: "coupled",
    seed: 1,
  },
  rows: [row],
});
