/**
 * Times a training step with Espalier (by the built-in thresholds, and tuned), with PyTorch and with torch.compile, in alternating rounds so that a machine whose speed drifts
 * treats all alike, and says beside each what the machine could do at most. Writes bench/results/step.json, or step-avx2.json where ONNX
 * Runtime computes with AVX2, and prints its table.
 */
import { join } from "node:path";
import { Command } from "commander";
import { begin } from "../experiments/record.ts";
import { type StepRow, stepTable } from "../experiments/step-table.ts";
import { node } from "../src/engine/node.ts";
import { median } from "../src/math/statistics.ts";
import { milliseconds } from "../src/report/format.ts";
import {
  apartOfTorch,
  besideTorch,
  integers,
  list,
  positiveInteger,
  type RoundOptions,
  root,
  rounded,
} from "./arguments.ts";
import { limitOf, peakOf, stepWork } from "./limit.ts";
import { QUIET, quiet, vectorKernels } from "./machine.ts";
import { timedMethods } from "./method.ts";
import { exportedNames, networkNames } from "./networks.ts";
import { type BenchTask, ours, type TimedSide } from "./ours.ts";
import { alternate } from "./rounds.ts";
import { exportNetworks, torch } from "./torch.ts";

const EXAMPLE = `
Example:
  npm run build && node dist/bench/step.js --python /path/to/venv/bin/python`;

const others = list([...networkNames, "none"]);
const program = besideTorch(rounded(new Command("step")))
  .description(
    "Times a training step of each network: Espalier, also tuned, PyTorch and torch.compile in alternating rounds.",
  )
  .option("--models <names>", "comma-separated", list(networkNames), networkNames)
  .option("--methods <names>", "sgd and rmda (with the group lasso)", list(["sgd", "rmda"]), ["sgd"])
  .option("--batches <numbers>", "samples per step, comma-separated", integers, [128, 16])
  .option("--compile <names>", "through torch.compile as well, at the first batch size, or none", others, networkNames)
  .option("--tuned <names>", "tuned to this machine as well, at the first batch size, or none", others, [
    "lenet5",
    "resnet20",
    "vgg-small",
    "cnn6",
    "mobilenet-v2",
  ])
  .option("--compile-limit <s>", "seconds that torch.compile may take for one network", positiveInteger, 60)
  .addHelpText("after", EXAMPLE);
program.parse();
const options = program.opts<
  RoundOptions & {
    models: string[];
    methods: string[];
    batches: number[];
    compile: string[];
    tuned: string[];
    compileLimit: number;
    python: string;
  }
>();
const { batches, threads, rounds, wait, compileLimit } = options;
const kernels = await vectorKernels(node({ threads }));
const recording = begin({
  name: kernels.avx2 ? "step-avx2" : "step",
  results: "bench/results",
  draft: options.draft,
  apart: apartOfTorch,
  root: root(),
});
const files = join(recording.folder, "networks");
if (options.models.some((name) => exportedNames.includes(name))) await exportNetworks(options.python, files);

const rows: StepRow[] = [];
const versions = new Set<string>();
await quiet(wait);
const peak = await peakOf(node({ threads }));
/** Of random samples and weights. */
const content = () => ({ settings: { threads, rounds, peak, kernels, compileLimit, seed: 1 }, rows });

/** torch.compile's side, or why there is none. */
async function compiled(task: BenchTask): Promise<TimedSide | string> {
  try {
    return await torch(options.python, { ...task, compile: true }, compileLimit);
  } catch (e) {
    return (e as Error).message;
  }
}

async function measure(task: BenchTask): Promise<void> {
  const mine = await ours(task, timedMethods[task.method]);
  const eager = await torch(options.python, task);
  const asked = (names: readonly string[]) => task.batch === batches[0] && names.includes(task.model);
  const other = asked(options.compile) ? await compiled(task) : undefined;
  const tuned = asked(options.tuned) ? [await ours({ ...task, tune: true }, timedMethods[task.method])] : [];
  const sides: TimedSide[] = [mine, eager, ...tuned, ...(typeof other === "object" ? [other] : [])];
  const { times, othersCores } = await alternate(sides, rounds, wait);
  for (const side of sides) {
    versions.add(side.version);
    await side.close();
  }
  const [espalier, theirs, ...beside] = times;
  const [best] = beside.splice(0, tuned.length);
  const [fast] = beside;
  const work = stepWork(mine.network.model, task.batch);
  const { files: _, ...of } = task;
  rows.push({
    ...of,
    espalier,
    torch: theirs,
    ratio: median(espalier.map((ms, i) => ms / theirs[i])),
    ...(best && { tuned: best, tunedRatio: median(best.map((ms, i) => ms / theirs[i])) }),
    ...(fast && { compiled: fast, compiledRatio: median(espalier.map((ms, i) => ms / fast[i])) }),
    ...(typeof other === "string" && { notCompiled: other }),
    ...work,
    limit: limitOf(work, peak),
    othersCores,
  });
  await recording.keep([...versions], content()); // so that an interrupted benchmark keeps what it measured
  const busy = othersCores > QUIET ? `; other programs used ${othersCores.toFixed(1)} cores: it means little` : "";
  const said = sides.map((side, i) => `${side.version} ${milliseconds(median([...times[i]]))}`).join(", ");
  if (typeof other === "string") console.error(`torch.compile of ${task.model}: ${other}`);
  console.error(`${task.model} ${task.method}, batch ${task.batch}: ${said}${busy}`);
}

for (const batch of batches)
  for (const model of options.models)
    for (const method of options.methods) await measure({ model, method, batch, threads, files });
console.log(stepTable({ rows }));
await recording.write([...versions], content());
