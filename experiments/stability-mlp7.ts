/**
 * How still the zero pattern stands: RMDA beside ProxSGD on MLP-7 / Fashion-MNIST, the same groups, λ, lr and milestones
 * (those of mlp-reproduce.ts, 30 epochs). Counted over the same epochs: from two after RMDA's last restart, where c = 1.
 * Run: node dist/experiments/stability-mlp7.js [--data-root DIR] [--draft]
 */
import { parseArgs } from "node:util";
import { groupLasso, models, multiStep, percent, proxSgd, rmda, settingsOf, train } from "espalier";
import { datasets } from "espalier/node";
import { untunedNode } from "./engine.ts";
import { begin, common } from "./record.ts";
import { stability } from "./stability.ts";

const { values } = parseArgs({ options: common });
const recording = begin({ name: "stability-mlp7", draft: values.draft });
const data = await datasets.open("fashion-mnist", { root: values["data-root"] });
const engine = untunedNode({ threads: 1 });
const [epochs, milestones, lr, lambda] = [30, [9, 15], 0.1, 1e-4];
const rows: object[] = [];
let from: number | undefined;
for (const optimizer of [rmda({ c: 0.1, momentumSchedule: "milestones" }), proxSgd({ rho: 0.1 })]) {
  const run = train(models.mlp7({ seed: 1 }), data, {
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
    console.error(`${optimizer.name} ${m.epoch}: test ${m.testAccuracy}, changes ${m.patternChanges}`);
  const counted = stability(run.history, milestones, from);
  from ??= counted.countedFrom;
  const { testAccuracy, groupSparsity, weightedGroupSparsity } = run.history.at(-1)!;
  rows.push({
    method: optimizer.name,
    ran: settingsOf(run.options, run.data),
    testAccuracy,
    groupSparsity,
    weightedGroupSparsity,
    stableSince: run.structureStableSince,
    ...counted,
    curve: run.history.map((m) => [m.epoch, m.testAccuracy, m.groupSparsity, m.patternChanges]),
  });
  console.log(
    `${optimizer.name}: ${percent(testAccuracy!)}, ${percent(groupSparsity)} of the groups zero, ${counted.changesPerEpoch.toFixed(2)} changes per epoch from epoch ${counted.countedFrom} on`,
  );
}
await recording.write(engine, {
  settings: {
    model: "mlp7",
    data: "fashion-mnist",
    epochs,
    milestones,
    lr,
    lambda,
    groups: "inputChannel",
    batchSize: 128,
    seed: 1,
  },
  rows,
});
