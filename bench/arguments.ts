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

/** Whole numbers, separated by commas. */
export const integers = (text: string): number[] => text.split(",").map(positiveInteger);

/** A number of seconds, 0 among them. */
export const notNegative = (text: string): number => (Number(text) === 0 ? 0 : positiveInteger(text));

/** What every benchmark can be told. */
export interface RoundOptions {
  readonly rounds: number;
  readonly threads: number;
  readonly wait: number;
  readonly draft: boolean;
}

/** Adds the flags of `RoundOptions`. */
export const rounded = (command: Command, rounds = 7, wait = 30): Command =>
  command
    .option("--rounds <n>", "rounds of each side, by turns", positiveInteger, rounds)
    .option("--threads <n>", "threads", positiveInteger, Math.min(2, availableParallelism()))
    .option(
      "--wait <s>",
      "seconds to wait for a quiet machine before each round; 0: take it as it is",
      notNegative,
      wait,
    )
    .option("--draft", "write to runs/ only, from any sources", false);

/** What a benchmark of a step of one batch size can be told. */
export interface TimingOptions extends RoundOptions {
  readonly batch: number;
}

/** Adds the flags of `TimingOptions`. */
export const timed = (command: Command): Command =>
  rounded(command.option("--batch <n>", "samples per step", positiveInteger, 128), 5, 0);

/** Adds the flags of a benchmark beside PyTorch, which change no figure: see `apartOfTorch`. */
export const besideTorch = (command: Command): Command =>
  command.option("--python <path>", "an interpreter with torch (and onnx for networks from files)", "python3");

/** Flags that change no figure, and so are no part of the command that a result names. */
export const apartOfTorch = { python: { type: "string" } } as const;
