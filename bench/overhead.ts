/**
 * What each optimizer adds to a training step: its time divided by plain momentum SGD's, in alternating rounds of one run.
 * Writes bench/results/overhead.json and prints its table.
 */
import { Command } from "commander";
import { begin } from "../experiments/record.ts";
import { type Overhead, overheadTable } from "../experiments/speed-tables.ts";
import { median } from "../src/math/statistics.ts";
import { builtIns } from "../src/models/index.ts";
import { milliseconds } from "../src/report/format.ts";
import { list, positiveInteger, root, rounded, type TimingOptions } from "./arguments.ts";
import { QUIET } from "./machine.ts";
import { timedMethods } from "./method.ts";
import { networkOf } from "./networks.ts";
import { ours, type TimedSide } from "./ours.ts";
import { passesOf } from "./passes.ts";
import { alternate } from "./rounds.ts";

const EXAMPLE = `
Example:
  npm run build && node dist/bench/overhead.js --models lenet5,vgg19`;

const { sgd: _, ...others } = timedMethods;
const program = rounded(new Command("overhead"))
  .description("Times a training step of every optimizer beside plain momentum SGD, in alternating rounds.")
  .option("--batch <n>", "samples per step", positiveInteger, 128)
  .option("--models <names>", "comma-separated", list([...builtIns.keys()]), ["lenet5", "mlp7"])
  .option("--methods <names>", "comma-separated", list(Object.keys(others)), Object.keys(others))
  .addHelpText("after", EXAMPLE);
program.parse();
const options = program.opts<TimingOptions & { models: string[]; methods: string[] }>();
const { batch, threads, rounds, wait } = options;
const recording = begin({ name: "overhead", results: "bench/results", draft: options.draft, root: root() });
const rows: Overhead[] = [];
const versions = new Set<string>();
/** Of random images and weights. */
const content = () => ({ settings: { batch, threads, rounds, seed: 1 }, rows });
/** Trainers that stand ready at once beside SGD's: each holds a step's memory. */
const AT_ONCE = 4;

async function measure(model: string, methods: readonly string[]): Promise<void> {
  const sides: TimedSide[] = [];
  for (const method of ["sgd", ...methods])
    sides.push(await ours({ model, method, batch, threads }, timedMethods[method]));
  const network = await networkOf(model, undefined);
  const { times, othersCores } = await alternate(sides, rounds, wait);
  for (const side of sides) await side.close();
  versions.add(sides[0].version);
  const [base, ...each] = times;
  methods.forEach((method, i) => {
    const ratio = median(each[i].map((ms, r) => ms / base[r]));
    const passes = passesOf(network, timedMethods[method], threads);
    rows.push({ model, method, sgd: base, ms: each[i], ratio, passes, othersCores });
    const busy = othersCores > QUIET ? `; other programs used ${othersCores.toFixed(1)} cores: it means little` : "";
    console.error(`${model} ${method}: ${milliseconds(median([...each[i]]))}, ${ratio.toFixed(2)} × SGD's${busy}`);
  });
  await recording.keep([...versions], content()); // so that an interrupted benchmark keeps what it measured
}

for (const model of options.models)
  for (let at = 0; at < options.methods.length; at += AT_ONCE)
    await measure(model, options.methods.slice(at, at + AT_ONCE));
console.log(overheadTable({ rows }));
await recording.write([...versions], content());
