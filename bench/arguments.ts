/** What the benchmarks read from the command line, and where they write. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidArgumentError } from "commander";

/** The project's folder: a benchmark runs from bench/ or from its compiled copy; results and the Python script lie in the source tree. */
export function root(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

export const integer = (text: string): number => {
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
