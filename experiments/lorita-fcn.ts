/**
 * LoRITa's FCNs on MNIST (Zhang, Alkhouri & Wang 2024): width 96, 6, 8 and 10 layers, each layer of N = 1, 2, 3 linear maps,
 * Adam 1e-2, batch 128, 20 epochs, inputs in [0, 1]. The weight decay is searched for each depth and N on seed 1 by the accuracy
 * on a held-out tenth of the training samples after a few epochs; with the chosen one three seeds are trained, composed back and
 * truncated, without fine-tuning: accuracy over the share of singular values kept, by one threshold (absolute values, as the
 * authors' FCN script) and by one ratio. Every finished training is a line of a file that is named after the numbers of images and
 * epochs, so that several processes (one per depth) and restarts share the work.
 * Run: node dist/experiments/lorita-fcn.js [--depths 6,8,10] [--data-root DIR] [--draft]; whoever finds all rows writes the result
 */
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import {
  adam,
  compose,
  constant,
  cost,
  type Dataset,
  evaluate,
  globalRanks,
  limitTrain,
  localRanks,
  models,
  percent,
  type Run,
  recompose,
  settingsOf,
  spectra,
  splitValidation,
  train,
  truncate,
} from "espalier";
import { datasets } from "espalier/node";
import { untunedNode } from "./engine.ts";
import { begin, common, meanStd, numbersFlag } from "./record.ts";

/** They share the work out, and all of it is in the result. */
const apart = { depths: { type: "string", default: "6,8,10" }, factors: { type: "string", default: "1,2,3" } } as const;
const { values } = parseArgs({
  options: {
    ...common,
    ...apart,
    decays: { type: "string", default: "5e-6,1e-5,2e-5,5e-5,1e-4,2e-4" },
    seeds: { type: "string", default: "1,2,3" },
    epochs: { type: "string", default: "20" },
    "search-epochs": { type: "string", default: "2" },
    images: { type: "string", default: "60000" },
  },
});
const recording = begin({ name: "lorita-fcn", draft: values.draft, apart });
const [depths, factorCounts, decays, seeds] = [values.depths, values.factors, values.decays, values.seeds].map(
  numbersFlag,
);
const [epochs, searchEpochs] = [Number(values.epochs), Number(values["search-epochs"])];
const WIDTH = 96;
const KEEP = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.16, 0.13, 0.1, 0.08, 0.06, 0.04, 0.02];

interface Key {
  readonly depth: number;
  readonly factors: number;
  readonly decay: number;
  readonly seed: number;
}
interface Trained extends Key {
  readonly kind: "trained" | "searched";
  /** The settings of the run, as it resolved them. */
  readonly ran: ReturnType<typeof settingsOf>;
  readonly valAccuracy: number;
  readonly testAccuracy: number;
  readonly seconds: number;
}
/** One truncation: the share that was asked for, the share that was kept, and what came of it. */
interface Point {
  readonly keep: number;
  readonly kept: number;
  readonly accuracy: number;
  readonly params: number;
  readonly macs: number;
}
interface Truncation extends Key {
  readonly kind: "truncated";
  readonly params: number;
  readonly macs: number;
  readonly numericRanks: readonly number[];
  readonly effectiveRanks: readonly number[];
  readonly global: readonly Point[];
  readonly local: readonly Point[];
}
type Row = Trained | Truncation;

const trainings = `${values.images}-images-${searchEpochs}-${epochs}-epochs`;
const file = join(recording.folder, trainings, "rows.jsonl");
async function rows(): Promise<Row[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}
const same = (a: Key, b: Key) =>
  a.depth === b.depth && a.factors === b.factors && a.decay === b.decay && a.seed === b.seed;

/** The row of this kind if it is there, else made, written and returned. */
async function once<R extends Row>(kind: R["kind"], key: Key, make: () => Promise<R>): Promise<R> {
  const found = (await rows()).find((r) => r.kind === kind && same(r, key));
  if (found) return found as R;
  const made = await make();
  await appendFile(file, `${JSON.stringify(made)}\n`);
  return made;
}

const whole = await datasets.open("mnist", { root: values["data-root"] });
const data: Dataset = splitValidation(limitTrain(whole, Number(values.images), 1), 0.1, 1);
const engine = untunedNode({ threads: 1 });

async function trainOne(key: Key, epochs: number): Promise<Run> {
  const { depth, factors, decay, seed } = key;
  const { model } = compose(models.fcn({ depth, width: WIDTH, seed }), { factors, seed });
  const run = train(model, data, {
    engine,
    optimizer: adam({ weightDecay: decay }),
    schedule: constant({ lr: 1e-2 }),
    normalization: { mean: [0], std: [1] }, // pixels / 255
    epochs,
    batchSize: 128,
    seed,
    store: recording.store(join(trainings, `fcn${depth}-n${factors}-wd${decay}-seed${seed}-${epochs}`)),
    resume: true,
  });
  for await (const m of run)
    console.error(
      `depth ${depth}, N ${factors}, decay ${decay}, seed ${seed}, epoch ${m.epoch}: loss ${m.loss.toFixed(4)}, validation ${m.valAccuracy}, test ${m.testAccuracy}, ${m.seconds.toFixed(1)} s`,
    );
  return run;
}

const trained = (key: Key, kind: Trained["kind"] = "trained"): Promise<Trained> =>
  once(kind, key, async () => {
    const run = await trainOne(key, kind === "trained" ? epochs : searchEpochs);
    const { history } = run;
    const last = history.at(-1)!;
    const seconds = history.reduce((s, m) => s + m.seconds, 0);
    const ran = settingsOf(run.options, run.data);
    return { kind, ...key, ran, valAccuracy: last.valAccuracy!, testAccuracy: last.testAccuracy!, seconds };
  });

const truncated = (key: Key): Promise<Truncation> =>
  once("truncated", key, async () => {
    const found = spectra(recompose((await trainOne(key, epochs)).model)); // finished, so its checkpoint is read
    const all = found.layers.reduce((n, l) => n + l.values.length, 0);
    const curve = async (rule: typeof localRanks) => {
      const points: Point[] = [];
      for (const keep of KEEP) {
        const { model, layers } = truncate(found, rule(found, { keep }), { dense: "product", saving: 0 });
        const { accuracy } = await evaluate(model, data, { engine });
        const kept = layers.reduce((n, l) => n + l.rank, 0) / all;
        points.push({ keep, kept, accuracy: accuracy!, ...cost(model) });
      }
      return points;
    };
    return {
      kind: "truncated",
      ...key,
      ...cost(found.model),
      numericRanks: found.layers.map((l) => l.numericRank),
      effectiveRanks: found.layers.map((l) => l.effectiveRank),
      global: await curve((s, options) => globalRanks(s, { ...options, relative: "none" })),
      local: await curve(localRanks),
    };
  });

/** The decay with the best validation accuracy on the first seed; of equal ones the larger. */
function chosen(search: readonly Trained[]): number {
  return search.reduce((a, b) => (b.valAccuracy >= a.valAccuracy ? b : a)).decay;
}

await mkdir(dirname(file), { recursive: true });
for (const depth of depths)
  for (const factors of factorCounts) {
    const search: Trained[] = [];
    for (const decay of decays) search.push(await trained({ depth, factors, decay, seed: seeds[0] }, "searched"));
    const decay = chosen(search);
    for (const seed of seeds) {
      await trained({ depth, factors, decay, seed });
      const { global } = await truncated({ depth, factors, decay, seed });
      const at = (keep: number) => percent(global.find((p) => p.keep === keep)!.accuracy);
      console.log(
        `depth ${depth}, N ${factors}, decay ${decay}, seed ${seed}: kept 100 % ${at(1)}, 50 % ${at(0.5)}, 20 % ${at(0.2)}, 10 % ${at(0.1)}`,
      );
    }
  }

/** Means over the seeds, point by point. */
function average(runs: readonly (readonly Point[])[]) {
  return KEEP.map((keep, i) => {
    const points = runs.map((r) => r[i]);
    const mean = (k: keyof Point) => meanStd(points.map((p) => p[k])).mean;
    const accuracy = meanStd(points.map((p) => p.accuracy));
    return { keep, kept: mean("kept"), accuracy, params: mean("params"), macs: mean("macs") };
  });
}

const all = await rows();
const result: object[] = [];
const missing: string[] = [];
for (const depth of [6, 8, 10])
  for (const factors of [1, 2, 3]) {
    const of = (r: Row) => r.depth === depth && r.factors === factors;
    const runs = all.filter((r): r is Trained => r.kind === "trained" && of(r));
    const searched = all.filter((r): r is Trained => r.kind === "searched" && of(r));
    const search = decays.flatMap((d) => searched.find((r) => r.decay === d && r.seed === seeds[0]) ?? []);
    const decay = search.length === decays.length ? chosen(search) : undefined;
    const best = runs.filter((r) => r.decay === decay && seeds.includes(r.seed));
    const cut = all.filter((r): r is Truncation => r.kind === "truncated" && of(r) && r.decay === decay);
    if (best.length < seeds.length || cut.length < seeds.length) {
      missing.push(`depth ${depth}, N ${factors}`);
      continue;
    }
    const layers = cut[0].numericRanks.map((_, i) => i);
    result.push({
      depth,
      factors,
      decay,
      ran: best[0].ran,
      search: search.map((r) => ({ decay: r.decay, valAccuracy: r.valAccuracy, testAccuracy: r.testAccuracy })),
      testAccuracy: meanStd(best.map((r) => r.testAccuracy)),
      params: cut[0].params,
      macs: cut[0].macs,
      numericRanks: layers.map((i) => meanStd(cut.map((c) => c.numericRanks[i])).mean),
      effectiveRanks: layers.map((i) => meanStd(cut.map((c) => c.effectiveRanks[i])).mean),
      global: average(cut.map((c) => c.global)),
      local: average(cut.map((c) => c.local)),
      seconds: best.reduce((s, r) => s + r.seconds, 0),
    });
  }
if (missing.length > 0) console.log(`not all is trained yet, so no result is written: ${missing.join("; ")} missing`);
else
  await recording.write(engine, {
    settings: {
      model: "fcn",
      width: WIDTH,
      data: "mnist",
      images: Number(values.images),
      epochs,
      searchEpochs,
      lr: 1e-2,
      batchSize: 128,
      decays,
      seeds,
      valSplit: 0.1,
    },
    rows: result,
  });
