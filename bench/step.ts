/**
 * Times a training step of the built-in models with Espalier and with PyTorch, in alternating rounds so that a machine
 * whose speed drifts treats both alike. Prints a Markdown table and writes bench/results/step.json.
 */
import { join } from "node:path";
import { Command } from "commander";
import { begin } from "../experiments/record.ts";
import { median } from "../src/math/statistics.ts";
import { builtIns } from "../src/models/index.ts";
import { milliseconds } from "../src/report/format.ts";
import { markdown } from "../src/report/table.ts";
import { list, root, type TimingOptions, timed } from "./arguments.ts";
import { QUIET } from "./machine.ts";
import { timedMethods } from "./method.ts";
import { type BenchTask, ours } from "./ours.ts";
import { alternate } from "./rounds.ts";
import { torch } from "./torch.ts";

interface Result extends BenchTask {
  /** Milliseconds per step, one number per round. */
  readonly espalier: readonly number[];
  readonly torch: readonly number[] | null;
  /** Median over the rounds of Espalier's time / PyTorch's time; below 1 Espalier is faster. */
  readonly ratio: number | null;
  /** Cores that other programs used meanwhile, by median. */
  readonly othersCores: number;
}

const range = (xs: readonly number[]) => `${Math.min(...xs).toFixed(2)} … ${Math.max(...xs).toFixed(2)}`;

const EXAMPLE = `
Example:
  npm run build && node dist/bench/step.js --models lenet5,resnet20 --python /path/to/venv/bin/python`;

const names = [...builtIns.keys()];
const program = timed(new Command("step"))
  .description("Times a training step of each built-in model, Espalier and PyTorch in alternating rounds.")
  .option("--models <names>", "comma-separated", list(names), names)
  .option("--methods <names>", "sgd and rmda (with the group lasso)", list(["sgd", "rmda"]), ["sgd"])
  .option("--python <path>", "an interpreter with torch", "python3")
  .addHelpText("after", EXAMPLE);
program.parse();
const options = program.opts<
  TimingOptions & {
    models: string[];
    methods: string[];
    python: string;
  }
>();

const folder = root();
const recording = begin({
  name: "step",
  results: "bench/results",
  draft: options.draft,
  apart: { python: { type: "string" } },
  root: folder,
});
const results: Result[] = [];
const versions = new Set<string>();
/** Of random images and weights. */
const content = () => ({
  settings: { batch: options.batch, threads: options.threads, rounds: options.rounds, seed: 1 },
  rows: results,
});

let withTorch = true;
for (const model of options.models)
  for (const method of options.methods) {
    const task: BenchTask = { model, method, batch: options.batch, threads: options.threads };
    const sides = [await ours(task, timedMethods[method])];
    if (withTorch)
      try {
        sides.push(await torch(options.python, join(folder, "bench/step_torch.py"), task));
      } catch (e) {
        withTorch = false;
        console.error(`${(e as Error).message}: Espalier is timed alone. --python names an interpreter with torch.`);
      }
    for (const side of sides) versions.add(side.version);
    const { times, othersCores } = await alternate(sides, options.rounds, options.wait);
    const [mine, theirs] = times;
    for (const side of sides) await side.close();
    const ratio = theirs ? median(mine.map((ms, i) => ms / theirs[i])) : null;
    results.push({ ...task, espalier: mine, torch: theirs ?? null, ratio, othersCores });
    await recording.keep([...versions], content()); // so that an interrupted benchmark keeps what it measured
    if (othersCores > QUIET)
      console.error(`other programs used ${othersCores.toFixed(1)} cores: ${model}'s figures mean little`);
    console.error(
      `${model} ${method}: ${milliseconds(median(mine))}${theirs ? `, PyTorch ${milliseconds(median(theirs))}` : ""}`,
    );
  }

const rows = results.map(({ model, method, espalier, torch, ratio }) => [
  model,
  method,
  milliseconds(median(espalier)),
  torch ? milliseconds(median(torch)) : "–",
  ratio ? ratio.toFixed(2) : "–",
  torch ? range(espalier.map((ms, i) => ms / torch[i])) : "–",
]);
console.log(markdown({ head: ["model", "method", "Espalier", "PyTorch", "ratio", "over rounds"], text: [0, 1], rows }));
if (withTorch) await recording.write([...versions], content());
else console.error(`without PyTorch it is no comparison: kept in ${recording.folder}, not in bench/results`);
