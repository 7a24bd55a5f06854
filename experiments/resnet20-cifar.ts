/**
 * ResNet-20 on CIFAR-10 (here: a subset, see the record's counts) with coupled groups through residual streams, 15 epochs.
 * Run: node dist/experiments/resnet20-cifar.js [--lambda 5e-4] [--epochs 15] [--data-root DIR] [--draft]
 */
import { parseArgs } from "node:util";
import { groupLasso, models, multiStep, rmda, settingsOf, train } from "espalier";
import { datasets } from "espalier/node";
import { untunedNode } from "./engine.ts";
import { figuresOf, gist } from "./figures.ts";
import { begin, common } from "./record.ts";

const { values } = parseArgs({
  options: { ...common, lambda: { type: "string", default: "5e-4" }, epochs: { type: "string", default: "15" } },
});
const recording = begin({ name: "resnet20-cifar", draft: values.draft });
const data = await datasets.open("cifar10", { root: values["data-root"] });
const engine = untunedNode();
const [lambda, epochs] = [Number(values.lambda), Number(values.epochs)];
const [milestones, restarts] = [[8, 12], [8]].map((list) => list.filter((m) => m < epochs)); // a shortened run has fewer
const [lr, c, batchSize] = [0.5, 0.1, 128];
const run = train(models.resnet20({ seed: 1 }), data, {
  engine,
  optimizer: rmda({ c, restarts }), // a restart at 12 would revive groups that three epochs cannot find again
  schedule: multiStep({ lr, milestones, gamma: 0.1 }),
  penalty: groupLasso({ lambda, groups: "coupled" }),
  epochs,
  batchSize,
  seed: 1,
  store: recording.store(`lambda-${lambda}`),
  resume: true,
});
for await (const m of run)
  console.error(
    `epoch ${m.epoch}: loss ${m.loss.toFixed(4)}, test ${m.testAccuracy}, groups ${m.groupSparsity.toFixed(4)}, ${m.msPerStep.toFixed(0)} ms`,
  );
const row = { lambda, ran: settingsOf(run.options, run.data), ...(await figuresOf(run, engine, Number(values.wait))) };
console.log(gist(row));
await recording.write(engine, {
  settings: {
    model: "resnet20",
    data: "cifar10",
    train: data.train.count,
    test: data.test.count,
    epochs,
    milestones,
    lr,
    c,
    restarts,
    groups: "coupled",
    batchSize,
    threads: engine.threads,
    seed: 1,
  },
  rows: [row],
});
