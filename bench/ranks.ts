/**
 * Times a training step in one process of two threads and in two of one thread under mpirun, by turns, and the sums that ranks send;
 * from these, by a stated model, what more ranks and slower networks would come to. Writes bench/results/ranks.json.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Command } from "commander";
import { begin } from "../experiments/record.ts";
import type { RanksRow } from "../experiments/scaling.ts";
import { node } from "../src/engine/node.ts";
import { size } from "../src/graph/tensor.ts";
import { median } from "../src/math/statistics.ts";
import { builtIns } from "../src/models/index.ts";
import { milliseconds } from "../src/report/format.ts";
import { markdown } from "../src/report/table.ts";
import { parameters } from "../src/step/parameters.ts";
import { list, root, type TimingOptions, timed } from "./arguments.ts";
import { othersDuring, quiet } from "./machine.ts";
import type { RankTask, RankTimes } from "./ranks-child.ts";

const MESSAGES = [4, 4e3, 4e5, 4e6, 4e7, 8e7];
const program = timed(new Command("ranks"))
  .description("Times steps in one process and in two ranks, and the sums that ranks send.")
  .option("--models <names>", "comma-separated", list([...builtIns.keys()]), [
    "lenet5",
    "resnet20",
    "resnet50",
    "vgg19",
  ])
  .option("--mpirun <command>", "with its own flags", "mpirun --oversubscribe --allow-run-as-root")
  .addHelpText("after", "\nExample:\n  npm run build && node dist/bench/ranks.js --wait 60");
program.parse();
const options = program.opts<TimingOptions & { models: string[]; mpirun: string }>();
const recording = begin({
  name: "ranks",
  results: "bench/results",
  draft: options.draft,
  apart: { mpirun: { type: "string" } },
  root: root(),
});
const child = join(import.meta.dirname, "ranks-child.js");
const [launcher, ...flags] = options.mpirun.split(" ");

/** Bytes that a step of a built-in model adds up: gradients and running statistics, in float32. */
function gradientBytes(model: string): number {
  const { trained, running } = parameters(builtIns.get(model)!({ seed: 1 }).graph);
  return 4 * [...trained, ...running].reduce((sum, { shape }) => sum + size(shape), 0);
}

function times(ranks: number, task: Omit<RankTask, "alone" | "threads" | "batch">): RankTimes {
  const told = JSON.stringify({ ...task, batch: options.batch, threads: ranks === 1 ? 2 : 1, alone: ranks === 1 });
  const given = [process.execPath, child, told];
  const [command, ...rest] = ranks === 1 ? given : [launcher, ...flags, "-n", `${ranks}`, ...given];
  const { stdout, stderr, status } = spawnSync(command, rest, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

/** Rounds of a model whose steps take seconds. */
const FEW = 2;
const isSlow = (rounds: readonly { one: number }[]): boolean => rounds.some(({ one }) => one > 1000);

const rows: RanksRow[] = [];
for (const model of options.models) {
  const rounds: { one: number; two: number }[] = [];
  const { cores } = await othersDuring(async () => {
    for (let i = 0; i < (isSlow(rounds) ? FEW : options.rounds); i++) {
      await quiet(options.wait);
      const turns = i % 2 === 0 ? [1, 2] : [2, 1];
      const by = new Map(turns.map((ranks) => [ranks, times(ranks, { models: [model], messages: [] }).steps[model]]));
      rounds.push({ one: by.get(1)!, two: by.get(2)! });
    }
  });
  const ratio = median(rounds.map(({ one, two }) => two / one));
  rows.push({ kind: "step", model, bytes: gradientBytes(model), rounds, ratio, othersCores: cores });
  console.error(`${model}: two ranks take ${ratio.toFixed(2)} of one process`);
}
await quiet(options.wait);
const { messages } = times(2, { models: [], messages: MESSAGES });
rows.push({ kind: "messages", ranks: 2, messages });
const engine = node();
await recording.write(engine, { settings: { batch: options.batch, rounds: options.rounds, seed: 1 }, rows });
console.log(
  markdown({
    head: ["bytes", "sum over two ranks"],
    text: [0],
    rows: messages.map(({ bytes, ms }) => [`${bytes}`, milliseconds(ms)]),
  }),
);
