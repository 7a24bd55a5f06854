/**
 * What successive halving saves, and what it costs: LeNet-5 on procedural digits, thirty points of a grid of λ, learning rate and
 * optimizer, once all trained to their end and once with only the best third going on after 1 and 3 of 9 epochs. The same trials are the
 * same runs in both. The best is chosen by the accuracy on validation samples; that of the shrunk model on test samples stands beside it.
 * Run: node dist/experiments/halving-lenet.js [--draft]
 */
import { parseArgs } from "node:util";
import {
  constant,
  digits,
  groupLasso,
  model,
  type Optimizer,
  percent,
  proxSgd,
  rmda,
  type SweepResult,
  splitValidation,
  sweep,
  train,
} from "espalier";
import { untunedNode } from "./engine.ts";
import type { HalvingRow } from "./halving-section.ts";
import { begin, common } from "./record.ts";

const EPOCHS = 9;
const BATCH = 64;
const STOPPING = { first: 1, factor: 3 };
const optimizers: Readonly<Record<string, () => Optimizer>> = { rmda: () => rmda({ c: 0.1 }), "prox-sgd": proxSgd };
const space = {
  lambda: { from: 1e-4, to: 1e-2, scale: "log", steps: 5 },
  lr: { values: [0.05, 0.1, 0.2] },
  optimizer: { values: Object.keys(optimizers) },
} as const;

const { values: flags } = parseArgs({ options: common });
const recording = begin({ name: "halving-lenet", draft: flags.draft });
const engine = untunedNode({ threads: 1 });
const data = splitValidation(digits({ train: 1000, test: 500 }), 0.25);

async function swept(name: string, stopping: typeof STOPPING | false): Promise<HalvingRow> {
  const started = { at: performance.now(), cpu: process.cpuUsage() };
  const { result } = await sweep(
    (values, place) => {
      const optimizer = optimizers[String(values["optimizer"])]();
      const schedule = constant({ lr: Number(values["lr"]) });
      const penalty = groupLasso({ lambda: Number(values["lambda"]) });
      const settings = { engine, optimizer, schedule, penalty, epochs: EPOCHS, batchSize: BATCH, seed: 1 };
      return train(model("lenet5", { seed: 1 }), data, { ...settings, ...place });
    },
    {
      space,
      search: "grid",
      objectives: ["accuracy", "params"],
      stopping,
      store: recording.store(name),
      overwrite: true, // what is gone on with would not be timed
      onEvent: (event) => {
        if (event.type === "done")
          console.error(`${name}: trial ${event.job.number + 1}, ${event.job.until ?? EPOCHS}`);
      },
    },
  );
  const { user, system } = process.cpuUsage(started.cpu);
  const seconds = (performance.now() - started.at) / 1000;
  const row = { search: name, processorSeconds: (user + system) / 1e6, seconds, ...found(result) };
  console.log(`${name}: ${row.epochs} epochs, ${row.processorSeconds.toFixed(0)} s, ${percent(row.best.accuracy)}`);
  return row;
}

function found({ trials, front }: SweepResult) {
  const points = trials.flatMap(({ number, values, figures, epochs }) => {
    const last = epochs.at(-1);
    if (!figures || !last) return [];
    const { accuracy = Number.NaN, params = Number.NaN } = figures;
    return [{ trial: number + 1, values, accuracy, testAccuracy: last.testAccuracy ?? Number.NaN, params }];
  });
  const onFront = front.map((number) => points.find(({ trial }) => trial === number + 1)!);
  return {
    trials: trials.length,
    finished: points.length,
    epochs: trials.reduce((n, t) => n + t.epochs.length, 0),
    best: onFront[0],
    front: onFront,
  };
}

const rows = [await swept("grid", false), await swept("halving", STOPPING)];
await recording.write(engine, {
  settings: {
    model: "lenet5",
    data: data.name,
    train: data.train.count,
    validation: data.val?.count,
    test: data.test.count,
    space,
    epochs: EPOCHS,
    batchSize: BATCH,
    stopping: STOPPING,
    threads: engine.threads,
    seed: 1,
  },
  rows,
});
