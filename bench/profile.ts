/**
 * Where a training step's time goes: each network's step under ONNX Runtime's profiler, by what its kernels are there for, what share of
 * the machine's peak they reach, and what the best form known of the costliest values would give. Writes bench/results/profile.json.
 */
import { join } from "node:path";
import { Command } from "commander";
import { begin } from "../experiments/record.ts";
import { type WallRow, wallTables } from "../experiments/wall-table.ts";
import { node } from "../src/engine/node.ts";
import type { Graph } from "../src/graph/types.ts";
import { preferenceOf } from "../src/lower/lower.ts";
import { tunedTarget } from "../src/lower/tuning/tuned-target.ts";
import { median } from "../src/math/statistics.ts";
import { milliseconds } from "../src/report/format.ts";
import { apartOfTorch, besideTorch, integers, list, type RoundOptions, root, rounded } from "./arguments.ts";
import { kernelPlaces } from "./kernel-places.ts";
import { peakOf } from "./limit.ts";
import { othersDuring, QUIET, quiet } from "./machine.ts";
import { timedMethods } from "./method.ts";
import { exportedNames, networkNames } from "./networks.ts";
import { type BenchTask, prepared } from "./ours.ts";
import { type ProductSize, productMs } from "./plain-product.ts";
import { profiled, type Ran, watched } from "./profiled.ts";
import { exportNetworks } from "./torch.ts";
import { type Best, bestOf, type CostSum, kernelMs, kindsOf, shapeOf, sumsOf, withBestForms } from "./walls.ts";

/** How many of a network's costliest values are shown, and the least share of a step for which a plain product is timed. */
const SHOWN = 3;
const LEAST = 0.003;

const program = besideTorch(rounded(new Command("profile")))
  .description("Profiles a training step of each network: which kernels take the time, and what they could take.")
  .option("--models <names>", "comma-separated", list(networkNames), networkNames)
  .option("--batches <numbers>", "samples per step, comma-separated", integers, [128])
  .addHelpText("after", "\nExample:\n  npm run build && node dist/bench/profile.js --python /path/to/venv/bin/python");
program.parse();
const options = program.opts<RoundOptions & { models: string[]; batches: number[]; python: string }>();
const { threads, rounds, wait, draft } = options;
const recording = begin({ name: "profile", results: "bench/results", draft, apart: apartOfTorch, root: root() });
const files = join(recording.folder, "networks");
if (options.models.some((name) => exportedNames.includes(name))) await exportNetworks(options.python, files);
const engine = node({ threads });
await quiet(wait);
const peak = await peakOf(engine);
const rows: WallRow[] = [];
/** Of random samples and weights. */
const content = () => ({ settings: { threads, rounds, peak, seed: 1 }, rows });

/** Steps as they are trained, the largest of their models, and their portable graph. */
async function steps(task: BenchTask): Promise<{ times: number[]; ran: Ran; graph: Graph }> {
  const watch = watched(engine);
  const { trainer, once } = await prepared(task, timedMethods[task.method], watch.engine);
  await once();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await once();
    times.push(performance.now() - start);
  }
  const graph = trainer.stepGraph(task.batch);
  await trainer.release(); // before the profiled session takes as much memory
  return { times, ran: watch.ran(), graph };
}

/** The best forms of values by key; what takes little of a step, or is no matrix product, by its bytes. */
async function bestForms(units: readonly CostSum[], all: number): Promise<Map<CostSum, Best>> {
  const known = new Map<string, number>();
  const timed = async (size: ProductSize): Promise<number> => {
    const key = JSON.stringify(size);
    const ms = known.get(key) ?? (await productMs(engine, size, peak.gflops));
    known.set(key, ms);
    return ms;
  };
  const forms = new Map<CostSum, Best>();
  for (const sum of units) {
    const { product } = sum.unit;
    const ms = product && sum.ms >= LEAST * all ? await timed(product) : undefined;
    forms.set(sum, product && ms === undefined ? { ms: sum.ms, by: "present" } : bestOf(sum, peak, ms));
  }
  return forms;
}

async function measure(task: BenchTask): Promise<void> {
  await quiet(wait);
  const { result, cores: othersCores } = await othersDuring(async () => {
    const { times, ran, graph } = await steps(task);
    return { times, graph, kernels: await profiled(ran, threads, rounds, recording.folder) };
  });
  const { times, graph, kernels } = result;
  const place = kernelPlaces(graph);
  const [all, units] = [kernelMs(kernels), sumsOf(kernels, place)];
  const best = await bestForms(units, all);
  const { target } = await tunedTarget(engine, graph);
  const { files: _, ...of } = task;
  const row: WallRow = {
    ...of,
    step: times,
    kernels: all,
    nodes: kernels.length,
    kinds: kindsOf(kernels, place, peak),
    shapes: units.slice(0, SHOWN).map((sum) => {
      const { site } = sum.unit;
      return shapeOf(sum, best.get(sum)!, all, peak, site && preferenceOf(graph, site, target));
    }),
    estimate: withBestForms(median(times), units, (sum) => best.get(sum)!),
    othersCores,
  };
  rows.push(row);
  await recording.keep(engine, content()); // so that an interrupted benchmark keeps what it measured
  const busy = othersCores > QUIET ? `; other programs used ${othersCores.toFixed(1)} cores: it means little` : "";
  const said = `a step ${milliseconds(median(times))}, its kernels ${milliseconds(all)}`;
  console.error(`${task.model}, batch ${task.batch}: ${said}${busy}`);
}

for (const batch of options.batches)
  for (const model of options.models) await measure({ model, method: "sgd", batch, threads, files });
console.log(wallTables({ rows }));
await recording.write(engine, content());
