/**
 * Logistic regression on MNIST with every optimizer of the RAMDA paper's Table 7 (Huang & Lee 2024): group lasso on input columns,
 * λ 1e-3, 500 epochs, milestones 100, 200, 300, 400, zero start, one run. Their settings (ramda_exp), RMDA's and RAMDA's c ramped.
 * Published accuracy / weighted group sparsity, %: ProxSGD 91.31 / 39.29, ProxSSI 91.31 / 39.92, ProxGen 91.31 / 39.92,
 * RMDA 91.34 / 57.02, RAMDA 91.35 / 57.40; the first three rows are the best epoch's sparsity, the last two the last epoch's.
 * Run: node dist/experiments/logistic-mnist.js [--data-root DIR] [--draft]
 */
import { parseArgs } from "node:util";
import {
  groupLasso,
  models,
  multiStep,
  percent,
  proxGen,
  proxSgd,
  proxSsi,
  ramda,
  rmda,
  settingsOf,
  train,
} from "espalier";
import { datasets } from "espalier/node";
import { untunedNode } from "./engine.ts";
import { begin, common } from "./record.ts";
import { stability } from "./stability.ts";

const { values } = parseArgs({ options: common });
const recording = begin({ name: "logistic-mnist", draft: values.draft });
const data = await datasets.open("mnist", { root: values["data-root"] });
const engine = untunedNode({ threads: 1 });
const [epochs, milestones, lambda] = [500, [100, 200, 300, 400], 1e-3];
const ramp = { momentumSchedule: "ramp" } as const;
const methods = [
  { optimizer: rmda({ c: 0.1, ...ramp }), lr: 0.1, published: [91.34, 57.02] },
  { optimizer: proxSgd({ rho: 0.1 }), lr: 0.1, published: [91.31, 39.29] },
  { optimizer: ramda({ c: 0.01, ...ramp }), lr: 1e-2, published: [91.35, 57.4] },
  { optimizer: proxSsi(), lr: 1e-3, published: [91.31, 39.92] },
  { optimizer: proxGen(), lr: 1e-3, published: [91.31, 39.92] },
];
const rows: object[] = [];
for (const { optimizer, lr, published } of methods) {
  const run = train(models.logistic(), data, {
    engine,
    optimizer,
    schedule: multiStep({ lr, milestones, gamma: 0.1 }),
    penalty: groupLasso({ lambda, groups: "inputChannel", weights: "size" }),
    lambdaWarmup: 0,
    epochs,
    seed: 1,
    store: recording.store(optimizer.name),
    resume: true,
  });
  for await (const m of run)
    if (m.epoch % 25 === 0)
      console.error(`${optimizer.name} ${m.epoch}: test ${m.testAccuracy}, groups ${percent(m.weightedGroupSparsity)}`);
  const { history } = run;
  const point = (m: (typeof history)[number]) => ({
    epoch: m.epoch,
    testAccuracy: m.testAccuracy,
    weightedGroupSparsity: m.weightedGroupSparsity,
  });
  const best = history.reduce((a, b) => (b.weightedGroupSparsity > a.weightedGroupSparsity ? b : a));
  const last = history.at(-1)!;
  rows.push({
    method: optimizer.name,
    ran: settingsOf(run.options, run.data),
    lr,
    published: { testAccuracy: published[0] / 100, weightedGroupSparsity: published[1] / 100 },
    last: point(last),
    best: point(best),
    stableSince: run.structureStableSince,
    ...stability(history, milestones),
    seconds: history.reduce((s, m) => s + m.seconds, 0),
    curve: history.map((m) => [m.epoch, m.testAccuracy, m.weightedGroupSparsity, m.patternChanges, m.loss]),
  });
  console.log(
    `${optimizer.name}: last ${percent(last.testAccuracy!)} / ${percent(last.weightedGroupSparsity)}, best ${percent(best.testAccuracy!)} / ${percent(best.weightedGroupSparsity)} (epoch ${best.epoch})`,
  );
}
await recording.write(engine, {
  settings: {
    model: "logistic",
    data: "mnist",
    epochs,
    milestones,
    gamma: 0.1,
    lambda,
    groups: "inputChannel",
    batchSize: 128,
    seed: 1,
  },
  rows,
});
