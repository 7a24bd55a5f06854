/**
 * Shrunk against full inference: half, three quarters and nine tenths of every set of coupled channels are made zero and removed, so
 * that what is left is a multiple of 16 or odd. Writes bench/results/inference.json.
 */
import { Command } from "commander";
import { begin } from "../experiments/record.ts";
import { type InferenceRow, inferenceTable } from "../experiments/speed-tables.ts";
import { disposeAll, type Engine } from "../src/engine/engine.ts";
import { node } from "../src/engine/node.ts";
import { atBatch } from "../src/graph/bind.ts";
import { size } from "../src/graph/tensor.ts";
import type { Model } from "../src/graph/types.ts";
import { groupSets } from "../src/groups/groups.ts";
import { median } from "../src/math/statistics.ts";
import { builtIns } from "../src/models/index.ts";
import { write } from "../src/onnx/write.ts";
import { cost } from "../src/shrink/cost.ts";
import { shrink } from "../src/shrink/shrink.ts";
import { integers, list, type RoundOptions, root, rounded } from "./arguments.ts";
import { runtimeOf } from "./machine.ts";
import type { TimedSide } from "./ours.ts";
import { alternate } from "./rounds.ts";
import { zeroInPlace } from "./zero-groups.ts";

const BLOCK = 16;
const SHARES = [0.5, 0.75, 0.9];
const program = rounded(new Command("inference"))
  .description("Times shrunk models beside the full one, in alternating rounds.")
  .option("--models <names>", "comma-separated", list([...builtIns.keys()]), ["lenet5", "resnet20", "vgg19"])
  .option("--batches <numbers>", "samples per call, comma-separated", integers, [1, 32])
  .addHelpText("after", "\nExample:\n  npm run build && node dist/bench/inference.js");
program.parse();
const options = program.opts<RoundOptions & { models: string[]; batches: number[] }>();
const { rounds, threads, wait, draft } = options;
const recording = begin({ name: "inference", results: "bench/results", draft, root: root() });
const engine = node({ threads });
const rows: InferenceRow[] = [];
const content = () => ({ settings: { threads, rounds, block: BLOCK, seed: 1 }, rows });

/** How many of a set's channels stay: aligned is a multiple of 16, or all that there are; otherwise an odd number. */
export function staying(count: number, gone: number, aligned: boolean): number {
  const left = Math.max(1, Math.round(count * (1 - gone)));
  if (aligned) return Math.min(count, Math.ceil(left / BLOCK) * BLOCK);
  return left % 2 ? left : left - 1;
}

async function shrunk(build: () => Model, gone: number, aligned: boolean): Promise<Model> {
  const model = build();
  const sets = groupSets(model.graph, "coupled");
  zeroInPlace(model, sets, ({ count }, group) => group >= staying(count, gone, aligned));
  return (await shrink(model, { engine })).model;
}

/** A model that answers batches. */
async function side(by: Engine, model: Model, batch: number): Promise<TimedSide> {
  const session = await by.load(write(model));
  const [{ name, dtype, shape }] = atBatch(model, batch).inputs;
  const feeds = { [name]: by.upload({ dtype, shape, data: new Float32Array(size(shape)).fill(0.5) }) };
  return {
    version: await runtimeOf(by),
    async steps(n) {
      const start = performance.now();
      for (let i = 0; i < n; i++) disposeAll(by, await session.run(feeds));
      return { ms: (performance.now() - start) / n, loss: 0 };
    },
    async close() {
      disposeAll(by, feeds);
      await session.release();
    },
  };
}

for (const name of options.models) {
  const build = () => builtIns.get(name)!({ seed: 1 });
  const full = build();
  const kinds = SHARES.flatMap((gone) => [true, false].map((aligned) => ({ gone, aligned })));
  const small: Model[] = [];
  for (const { gone, aligned } of kinds) small.push(await shrunk(build, gone, aligned));
  const [whole, ...parts] = [full, ...small].map(cost);
  for (const batch of options.batches) {
    const sides: TimedSide[] = [];
    for (const model of [full, ...small]) sides.push(await side(engine, model, batch));
    const { times, othersCores } = await alternate(sides, rounds, wait);
    for (const each of sides) await each.close();
    kinds.forEach((kind, i) => {
      const { params, macs } = parts[i];
      rows.push({
        ...{ model: name, batch, ...kind, params: params / whole.params, macs: macs / whole.macs },
        ...{ full: times[0], small: times[i + 1], othersCores },
      });
    });
    await recording.keep([await runtimeOf(engine)], content()); // so that an interrupted benchmark keeps what it measured
    const gain = kinds.map((_, i) => median(times[0].map((ms, r) => ms / times[i + 1][r])).toFixed(1));
    console.error(`${name}, batch ${batch}: ${gain.join(", ")} times as fast`);
  }
}
console.log(inferenceTable({ rows }));
await recording.write([await runtimeOf(engine)], content());
