/**
 * "Beyond it": MLP-7 on Fashion-MNIST with Espalier's defaults — coupled groups, balanced weights, λ warmed up — over λ, 30 epochs, and
 * dense SGD beside it. Every model is shrunk and verified.
 * Run: node dist/experiments/mlp-curve.js [--data-root DIR] [--draft]
 */
import { parseArgs } from "node:util";
import { groupLasso, models, multiStep, percent, rmda, settingsOf, sgd, train } from "espalier";
import { datasets } from "espalier/node";
import { untunedNode } from "./engine.ts";
import { type Figures, figuresOf, gist } from "./figures.ts";
import { begin, common } from "./record.ts";

const { values } = parseArgs({ options: common });
const recording = begin({ name: "mlp-curve", draft: values.draft });
const data = await datasets.open("fashion-mnist", { root: values["data-root"] });
const engine = untunedNode();
const schedule = multiStep({ lr: 0.1, milestones: [12, 20, 26], gamma: 0.1 });
const rows: (Figures & { method: string; lambda: number; ran: object })[] = [];
for (const lambda of [0, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3]) {
  const sparse = { optimizer: rmda({ c: 0.1 }), penalty: groupLasso({ lambda }) };
  const dense = { optimizer: sgd({ momentum: 0.9, weightDecay: 5e-4 }) };
  const run = train(models.mlp7({ seed: 1 }), data, {
    engine,
    schedule,
    epochs: 30,
    seed: 1,
    store: recording.store(`lambda-${lambda}`),
    resume: true,
    ...(lambda ? sparse : dense),
  });
  for await (const m of run)
    console.error(
      `λ ${lambda} epoch ${m.epoch}: test ${m.testAccuracy}, groups ${m.groupSparsity.toFixed(4)}, changes ${m.patternChanges}`,
    );
  const row = {
    method: lambda ? "rmda" : "sgd",
    lambda,
    ran: settingsOf(run.options, run.data),
    ...(await figuresOf(run, engine, Number(values.wait))),
  };
  rows.push(row);
  console.log(`λ ${lambda}: ${gist(row)}, input-channel groups ${percent(row.inputChannel.groupSparsity)} zero`);
}
await recording.write(engine, {
  settings: {
    model: "mlp7",
    data: "fashion-mnist",
    epochs: 30,
    milestones: [12, 20, 26],
    lr: 0.1,
    c: 0.1,
    groups: "coupled",
    dense: { momentum: 0.9, weightDecay: 5e-4 },
    batchSize: 128,
    threads: engine.threads,
    seed: 1,
  },
  rows,
});
