/**
 * What each optimizer adds to a training step: its time divided by plain momentum SGD's, in alternating rounds of one run.
 * Prints a Markdown table and writes bench/results/overhead.json.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { median } from "../src/math/statistics.ts";
import { milliseconds } from "../src/report/format.ts";
import { markdown } from "../src/report/table.ts";
import { list, root, type TimingOptions, timed } from "./arguments.ts";
import { QUIET } from "./machine.ts";
import { type Method, methods } from "./method.ts";
import { ours } from "./ours.ts";
import { compare } from "./rounds.ts";

const EXAMPLE = `
Example:
  npx tsc -p bench && node dist/bench/overhead.js --models lenet5,vgg19 --rounds 5`;

const { sgd, ...others } = methods;
const program = timed(new Command("overhead"))
  .description("Times a training step of every optimizer beside plain momentum SGD, in alternating rounds.")
  .option("--models <names>", "comma-separated", list(["logistic", "mlp7", "lenet5", "resnet20", "vgg19"]), [
    "lenet5",
    "vgg19",
  ])
  .option("--methods <names>", "comma-separated", list(Object.keys(others)), Object.keys(others))
  .addHelpText("after", EXAMPLE);
program.parse();
const options = program.opts<
  TimingOptions & {
    models: string[];
    methods: string[];
  }
>();

interface Result {
  readonly model: string;
  readonly method: string;
  /** Milliseconds per step, one number per round. */
  readonly sgd: readonly number[];
  readonly ms: readonly number[];
  /** Median over the rounds of ms / sgd. */
  readonly ratio: number;
  /** Cores that other programs used meanwhile, by median. */
  readonly othersCores: number;
}
const results: Result[] = [];
const folder = root();

/** After every pair, so that an interrupted benchmark keeps what it measured. */
function save(version: string): void {
  const machine = { cpu: cpus()[0]?.model.trim(), cores: availableParallelism(), node: process.version, version };
  const { batch, threads } = options;
  mkdirSync(join(folder, "bench/results"), { recursive: true });
  const text = JSON.stringify({ machine, batch, threads, results }, null, 2);
  writeFileSync(join(folder, "bench/results/overhead.json"), `${text}\n`);
}

async function measure(model: string, method: string, other: Method): Promise<void> {
  const { batch, threads, rounds, wait } = options;
  const task = (name: string) => ({ model, method: name, batch, threads });
  const sides = [await ours(task("sgd"), sgd), await ours(task(method), other)];
  const { times, othersCores } = await compare(sides, rounds, wait);
  for (const side of sides) await side.close();
  const [base, ms] = times;
  const ratio = median(ms.map((x, i) => x / base[i]));
  results.push({ model, method, sgd: base, ms, ratio, othersCores });
  save(sides[0].version);
  if (othersCores > QUIET)
    console.error(`other programs used ${othersCores.toFixed(1)} cores: the figures mean little`);
  console.error(
    `${model} ${method}: ${milliseconds(median(ms))}, sgd ${milliseconds(median(base))}, ${ratio.toFixed(2)}`,
  );
}

for (const model of options.models) for (const name of options.methods) await measure(model, name, others[name]);

const range = (xs: readonly number[]) => `${Math.min(...xs).toFixed(2)} … ${Math.max(...xs).toFixed(2)}`;
const rows = results.map(({ model, method, ms, sgd: base, ratio }) => [
  model,
  method,
  milliseconds(median(ms)),
  milliseconds(median(base)),
  ratio.toFixed(2),
  range(ms.map((x, i) => x / base[i])),
]);
console.log(markdown({ head: ["model", "method", "step", "SGD", "ratio", "over rounds"], text: [0, 1], rows }));
