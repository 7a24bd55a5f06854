/**
 * "Beyond it": MLP-7 on Fashion-MNIST with Espalier's defaults — coupled groups, balanced weights, λ warmed up — over λ, 30 epochs, and
 * dense SGD beside it. Every model is shrunk and verified.
 * Run: node dist/experiments/mlp-curve.js [DATA_ROOT]
 */
import { groupLasso, models, multiStep, percent, rmda, sgd, train } from "espalier";
import { datasets, node } from "espalier/node";
import { type Figures, figuresOf } from "./figures.ts";
import { record } from "./record.ts";

const data = await datasets.open("fashion-mnist", { root: process.argv[2] });
const engine = node();
const schedule = multiStep({ lr: 0.1, milestones: [12, 20, 26], gamma: 0.1 });
const rows: (Figures & { method: string; lambda: number })[] = [];
for (const lambda of [0, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3]) {
  const sparse = { optimizer: rmda({ c: 0.1 }), penalty: groupLasso({ lambda }) };
  const dense = { optimizer: sgd({ momentum: 0.9, weightDecay: 5e-4 }) };
  const run = train(models.mlp7({ seed: 1 }), data, {
    engine,
    schedule,
    epochs: 30,
    seed: 1,
    ...(lambda ? sparse : dense),
  });
  for await (const m of run)
    console.error(
      `λ ${lambda} epoch ${m.epoch}: test ${m.testAccuracy}, groups ${m.groupSparsity.toFixed(4)}, changes ${m.patternChanges}`,
    );
  const row = { method: lambda ? "rmda" : "sgd", lambda, ...(await figuresOf(run, data, engine)) };
  rows.push(row);
  console.log(
    `λ ${lambda}: ${percent(row.testAccuracy)}, input-channel groups ${percent(row.inputChannel.groupSparsity)} zero, parameters kept ${percent(row.params.after / row.params.before)}`,
  );
}
await record(engine, {
  name: "mlp-curve",
  command: "node dist/experiments/mlp-curve.js",
  settings: { model: "mlp7", data: "fashion-mnist", epochs: 30, milestones: [12, 20, 26], lr: 0.1, c: 0.1, seed: 1 },
  rows,
});
