/**
 * Times a training step beside those of other frameworks for JavaScript in Node.js, whose packages lie in a folder that a flag names.
 * The first losses must be the same. Writes bench/results/javascript.json and prints its table.
 */
import { join, resolve } from "node:path";
import { Command } from "commander";
import { type JavaScriptRow, javaScriptTable } from "../experiments/javascript-table.ts";
import { begin } from "../experiments/record.ts";
import { median } from "../src/math/statistics.ts";
import { milliseconds } from "../src/report/format.ts";
import { integers, list, positiveInteger, type RoundOptions, root, rounded } from "./arguments.ts";
import { type Child, lineChild } from "./child.ts";
import { timedMethods } from "./method.ts";
import { type BenchTask, ours, type TimedSide, type Timing } from "./ours.ts";
import { alternate } from "./rounds.ts";

const networks = ["logistic", "mlp7", "lenet5-small", "lenet5", "resnet20"];
const frameworks = ["tfjs-cpu", "tfjs-wasm", "jax-js"];
const program = rounded(new Command("javascript"))
  .description("Times a training step beside TensorFlow.js's and jax-js's in Node.js.")
  .requiredOption("--modules <folder>", "where @tensorflow/tfjs, @tensorflow/tfjs-backend-wasm and @jax-js/jax are")
  .option("--models <names>", "comma-separated", list(networks), networks)
  .option("--batches <numbers>", "samples per step, comma-separated", integers, [16])
  .option("--ready <s>", "seconds that a first step may take", positiveInteger, 60)
  .option("--limit <s>", "seconds above which a step is timed once", positiveInteger, 10)
  .addHelpText(
    "after",
    `
Example:
  npm install --prefix /tmp/frameworks @tensorflow/tfjs @tensorflow/tfjs-backend-wasm @jax-js/jax
  npm run build && node dist/bench/javascript.js --modules /tmp/frameworks`,
  );
program.parse();
const options = program.opts<
  RoundOptions & { modules: string; models: string[]; batches: number[]; ready: number; limit: number }
>();
const { threads, rounds, wait, ready, limit, batches } = options;
const recording = begin({
  name: "javascript",
  results: "bench/results",
  draft: options.draft,
  apart: { modules: { type: "string" } },
  root: root(),
});
const rows: JavaScriptRow[] = [];
const versions = new Set<string>();
/** Of random images and weights. */
const content = () => ({ settings: { threads, rounds, ready, limit, seed: 1 }, rows });

type Other = Child<{ readonly version: string; readonly loss: number }>;
/** A framework's child, its first step behind it, or why there is none. */
async function started(framework: string, task: BenchTask): Promise<Other | string> {
  const told = JSON.stringify({ framework, modules: resolve(options.modules), ...task });
  try {
    return await lineChild(process.execPath, [join(root(), "dist/bench/javascript-child.js"), told], ready);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Two sums of the same numbers in another order. */
const alike = (a: number, b: number): boolean => Math.abs(a - b) < 1e-3 * Math.max(1, Math.abs(b));

async function compare(framework: string, task: BenchTask): Promise<JavaScriptRow> {
  const of = { framework, model: task.model, batch: task.batch, threads };
  const other = await started(framework, task);
  if (typeof other === "string") return { ...of, lacking: other };
  const mine = await ours(task, timedMethods["sgd"]);
  try {
    const { version, loss } = other.ready;
    versions.add(mine.version).add(version);
    const { loss: own } = await mine.steps(1);
    if (!alike(loss, own)) throw new Error(`${version} has a loss of ${loss} on ${task.model}, Espalier of ${own}`);
    const once = await other.ask<Timing>(1);
    const side: TimedSide = { version, steps: (n) => other.ask(n), close: () => other.close() };
    const few = once.ms > limit * 1000;
    const { times, othersCores } = await alternate(few ? [mine] : [mine, side], rounds, wait);
    const [espalier, theirs = [once.ms]] = times;
    return { ...of, espalier, theirs, ratio: median(theirs) / median(espalier), othersCores };
  } finally {
    await mine.close();
    await other.close();
  }
}

for (const batch of batches)
  for (const model of options.models)
    for (const framework of frameworks) {
      const row = await compare(framework, { model, batch, threads, method: "sgd" });
      rows.push(row);
      await recording.keep([...versions], content()); // so that an interrupted benchmark keeps what it measured
      const said =
        "lacking" in row ? row.lacking : `${milliseconds(median(row.theirs))}, ${row.ratio.toFixed(1)} times`;
      console.error(`${model}, batch ${batch}, ${framework}: ${said}`);
    }
console.log(javaScriptTable({ rows }));
await recording.write([...versions], content());
