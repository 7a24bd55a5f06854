/** What the benchmarks read from the command line, and where they write. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, InvalidArgumentError } from "commander";

/** The project's folder: a benchmark runs from bench/ or from its compiled copy; results and the Python script lie in the source tree. */
export function root(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

export const positiveInteger = (text: string): number => {
  const x = Number(text);
  if (!Number.isInteger(x) || x < 1) throw new InvalidArgumentError("It must be a positive integer.");
  return x;
};

/** Names from a list of known ones, separated by commas. */
export const list = (known: readonly string[]) => (text: string) => {
  const names = text.split(",");
  const wrong = names.find((n) => !known.includes(n));
  if (wrong !== undefined) throw new InvalidArgumentError(`${wrong} is none of ${known.join(", ")}.`);
  return names;
};

/** What every benchmark of a training step can be told. */
export interface TimingOptions {
  readonly batch: number;
  readonly rounds: number;
  readonly threads: number;
  readonly wait: number;
  readonly draft: boolean;
}

/** Adds the flags of `TimingOptions`. */
export const timed = (command: Command): Command =>
  command
    .option("--batch <n>", "samples per step", positiveInteger, 128)
    .option("--rounds <n>", "rounds of about a second per side", positiveInteger, 5)
    .option("--threads <n>", "threads", positiveInteger, Math.min(2, availableParallelism()))
    .option("--wait <s>", "seconds to wait for a quiet machine before each round", positiveInteger, 0)
    .option("--draft", "write to runs/ only, from any sources", false);
