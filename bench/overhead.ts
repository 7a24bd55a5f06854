/**
 * What each optimizer adds to a training step: its time divided by plain momentum SGD's, in alternating rounds of one run.
 * Prints a Markdown table and writes bench/results/overhead.json.
 */
import { Command } from "commander";
import { begin } from "../experiments/record.ts";
import { median } from "../src/math/statistics.ts";
import { milliseconds } from "../src/report/format.ts";
import { markdown } from "../src/report/table.ts";
import { list, root, type TimingOptions, timed } from "./arguments.ts";
import { QUIET } from "./machine.ts";
import { type Method, timedMethods } from "./method.ts";
import { ours } from "./ours.ts";
import { alternate } from "./rounds.ts";

const EXAMPLE = `
Example:
  npm run build && node dist/bench/overhead.js --models lenet5,vgg19 --rounds 5`;

const { sgd, ...others } = timedMethods;
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
const recording = begin({ name: "overhead", results: "bench/results", draft: options.draft, root: root() });
const results: Result[] = [];
const versions = new Set<string>();
/** Of random images and weights. */
const content = () => ({
  settings: { batch: options.batch, threads: options.threads, rounds: options.rounds, seed: 1 },
  rows: results,
});

async function measure(model: string, method: string, other: Method): Promise<void> {
  const { batch, threads, rounds, wait } = options;
  const task = (name: string) => ({ model, method: name, batch, threads });
  const sides = [await ours(task("sgd"), sgd), await ours(task(method), other)];
  const { times, othersCores } = await alternate(sides, rounds, wait);
  for (const side of sides) await side.close();
  const [base, ms] = times;
  const ratio = median(ms.map((x, i) => x / base[i]));
  results.push({ model, method, sgd: base, ms, ratio, othersCores });
  versions.add(sides[0].version);
  await recording.keep([...versions], content()); // so that an interrupted benchmark keeps what it measured
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
await recording.write([...versions], content());
