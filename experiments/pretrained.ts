/**
 * A trained network pruned to 30 % of its multiply–accumulates. A narrow ResNet-18, a narrow MobileNetV3 and a small BERT, as PyTorch
 * exports them, are trained dense from new weights for each seed; then they are pruned at once (`prune`) and trained on, or steered there
 * in one run (`structureTarget`), each with and without the dense one as a teacher. Accuracies are of the test samples, before and after
 * the training that follows the cut. What was interrupted goes on.
 * Run: node dist/experiments/pretrained.js resnet|mobilenet|bert [--data-root DIR] [--draft]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  cosine,
  cost,
  evaluate,
  groupLasso,
  initialize,
  type Model,
  percent,
  prune,
  type Run,
  settingsOf,
  shrink,
  structureTarget,
  type TrainOptions,
  train,
  warmup,
  withWeights,
} from "espalier";
import { untunedNode } from "./engine.ts";
import { exportedNetwork, pretrainedSettings, type TrainedPart } from "./pretrained-setting.ts";
import type { PretrainedRow } from "./pretrained-table.ts";
import { begin, common, numbersFlag } from "./record.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ...common, seeds: { type: "string", default: "1,2,3" } },
});
const [net] = positionals;
const setting = pretrainedSettings[net];
if (!setting) throw new Error(`usage: pretrained.js ${Object.keys(pretrainedSettings).join("|")}`);
const seeds = numbersFlag(values.seeds);
const [keep, of, until] = [0.3, "macs", 0.2] as const;
const recording = begin({ name: `pretrained-${net}`, draft: values.draft });
const data = await setting.open({ root: values["data-root"], folder: join(recording.folder, "data") });
const engine = untunedNode({ threads: 1 });

/** A run of one part, to its end. Scores are taken at the cut and at the end. */
async function trained(
  name: string,
  model: Model,
  seed: number,
  part: TrainedPart,
  more: Partial<TrainOptions>,
): Promise<Run> {
  const run = train(model, data, {
    engine,
    optimizer: part.optimizer(),
    schedule: warmup(cosine({ lr: part.lr }), { epochs: 0.5 }),
    epochs: part.epochs,
    evalEvery: part.epochs,
    batchSize: setting.batchSize,
    seed,
    baseline: false,
    store: recording.store(`${name}-${seed}`),
    resume: true,
    ...more,
  });
  for await (const m of run)
    console.error(
      `${name} ${seed}, epoch ${m.epoch}: loss ${m.loss.toFixed(4)}, test ${m.testAccuracy}, kept ${m.kept}`,
    );
  return run;
}

const accuracyOf = async (model: Model): Promise<number> => (await evaluate(model, data, { engine })).accuracy ?? 0;
const scoreOf = ({ history }: Run, epoch: number): number => history[epoch - 1].testAccuracy ?? 0;
const secondsOf = ({ history }: Run): number => history.reduce((sum, m) => sum + m.seconds, 0);

/** The tensors of one export in the graph of the other, and what it records of its inputs. */
const moved = ({ graph, metadata }: Model, into: Model): Model => ({
  ...withWeights(
    into,
    Object.fromEntries(
      [...graph.initializers].flatMap(([v, t]) =>
        [...into.graph.initializers.keys()].some((w) => w.name === v.name) && t.dtype === "float32"
          ? [[v.name, t]]
          : [],
      ),
    ),
  ),
  metadata,
});

const rows: PretrainedRow[] = [];
async function add(row: Omit<PretrainedRow, "kept">, dense: Model, small: Model): Promise<void> {
  const [before, after] = [cost(dense), cost(small)];
  rows.push({ ...row, kept: { macs: after.macs / before.macs, params: after.params / before.params } });
  console.log(
    `${net} ${row.seed} ${row.way}: ${percent(row.cut)} → ${row.tuned === undefined ? "–" : percent(row.tuned)}`,
  );
  await recording.keep(engine, { settings: said, rows });
}

const said = {
  model: net,
  data: setting.data,
  train: data.train.count,
  test: data.test.count,
  keep,
  of,
  until,
  batchSize: setting.batchSize,
  threads: engine.threads,
  dense: { ...setting.dense, optimizer: setting.dense.optimizer().name },
  steered: { ...setting.steered, optimizer: setting.steered.optimizer().name },
  tuned: { ...setting.tuned, optimizer: setting.tuned.optimizer().name },
  seeds,
};

for (const seed of seeds) {
  const run = await trained("dense", initialize(exportedNetwork(net, "dynamo"), seed), seed, setting.dense, {});
  const dense = run.model;
  const accuracy = await accuracyOf(dense);
  await add(
    { seed, way: "dense", cut: accuracy, seconds: secondsOf(run), ran: settingsOf(run.options, data) },
    dense,
    dense,
  );

  // the older exporter's file with the same weights loses the same
  const other = moved(dense, exportedNetwork(net, "torchscript"));
  for (const [way, model] of [
    ["prune", dense],
    ["prune, TorchScript's file", other],
  ] as const) {
    const { model: small, scores } = await prune(model, { engine, keep, of, data });
    const cut = scores?.after.accuracy ?? 0;
    if (model === other) {
      await add({ seed, way, cut }, other, small);
      continue;
    }
    for (const distill of [undefined, { teacher: dense, cache: true }]) {
      const name = distill ? "prune, distilled" : way;
      const run = await trained(name, small, seed, setting.tuned, { distill });
      const tuned = scoreOf(run, setting.tuned.epochs);
      await add(
        { seed, way: name, cut, tuned, seconds: secondsOf(run), ran: settingsOf(run.options, data) },
        dense,
        small,
      );
    }
  }
  for (const distill of [undefined, { teacher: dense, cache: true }]) {
    const name = distill ? "steered, distilled" : "steered";
    const { epochs, lambda, lr } = setting.steered;
    const cutAfter = Math.round(until * epochs);
    const run = await trained(name, dense, seed, setting.steered, {
      distill,
      schedule: cosine({ lr }),
      evalEvery: cutAfter,
      penalty: groupLasso({ lambda, weights: "macs" }),
      target: structureTarget({ keep, of, until }),
    });
    const { model: small } = await shrink(run.model, { engine });
    const [cut, tuned] = [scoreOf(run, cutAfter), await accuracyOf(small)];
    await add(
      { seed, way: name, cut, tuned, seconds: secondsOf(run), ran: settingsOf(run.options, data) },
      dense,
      small,
    );
  }
}
await recording.write(engine, { settings: said, rows });
