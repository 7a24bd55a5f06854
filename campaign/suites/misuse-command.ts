/** Random command lines of known options with hostile values: done, or refused with a message and a status of 1 or 2. */
import { join } from "node:path";
import type { Command } from "commander";
import { benchCommand } from "../../cli/commands/bench.ts";
import { compareCommand } from "../../cli/commands/compare.ts";
import { evaluateCommand } from "../../cli/commands/evaluate.ts";
import { factorizeCommand } from "../../cli/commands/factorize.ts";
import { inspectCommand } from "../../cli/commands/inspect.ts";
import { pruneCommand } from "../../cli/commands/prune.ts";
import { shrinkCommand } from "../../cli/commands/shrink.ts";
import { trainCommand } from "../../cli/commands/train.ts";
import { verifyCommand } from "../../cli/commands/verify.ts";
import { trainFields } from "../../cli/settings/train-fields.ts";
import type { Random } from "../../src/math/random.ts";
import { checkEnd, espalier } from "../command-line.ts";
import { fixtures, mutatedModel } from "../mutate/onnx.ts";
import { chance, HOSTILE_NUMBERS, HOSTILE_TEXTS, pick } from "../mutate/pick.ts";
import type { Suite } from "../suite.ts";

/** A command, what makes it do little, and how many files it is given. */
const commands: readonly {
  readonly make: () => Command;
  readonly before: readonly string[];
  readonly files: number;
}[] = [
  { make: trainCommand, before: "--model logistic --data digits --limit-train 20 --epochs 1".split(" "), files: 0 },
  { make: compareCommand, before: ["--config", "settings.yaml"], files: 0 },
  { make: pruneCommand, before: [], files: 2 },
  { make: shrinkCommand, before: [], files: 2 },
  { make: factorizeCommand, before: [], files: 2 },
  { make: verifyCommand, before: [], files: 2 },
  { make: inspectCommand, before: [], files: 1 },
  { make: evaluateCommand, before: ["--data", "digits"], files: 1 },
  { make: benchCommand, before: [], files: 2 },
];
/** Where something may be written or looked for: nothing outside of the case's folder. */
const FILES = [
  "model.onnx",
  "other.onnx",
  "out.onnx",
  "settings.yaml",
  "settings.yaml/x",
  "nothing.onnx",
  ".",
  "a/b/c.onnx",
  "",
];
const PATHS = /^--(out|config|certificate|html|data|data-root|report|json-out|svg|csv)$/;
const values = Object.values(trainFields).flatMap(({ choices }) => choices ?? []);

function options(random: Random, command: Command): string[] {
  const known = command.options.filter((o) => o.long !== "--help");
  return Array.from({ length: random.int(4) }, () => {
    const { long, required, optional } = pick(random, known);
    if (!required && !optional) return [long!];
    const value = PATHS.test(long!)
      ? pick(random, FILES)
      : String(pick<unknown>(random, [...values, ...HOSTILE_NUMBERS, ...HOSTILE_TEXTS]));
    return [long!, value.replaceAll("\u0000", "")]; // no process can be given a zero byte
  }).flat();
}

export const misuseCommand: Suite = {
  name: "misuse-command",
  about: "random command lines with hostile values and odd files",
  share: 2,
  processorSeconds: 10,
  seconds: 100,
  async run({ random, folder, keep }) {
    const { make, before, files } = pick(random, commands);
    const command = make();
    keep("model.onnx", chance(random, 0.6) ? pick(random, fixtures).bytes : mutatedModel(random));
    keep("other.onnx", pick(random, fixtures).bytes);
    keep(
      "settings.yaml",
      "model: logistic\ndata: digits\nlimitTrain: 20\nepochs: 1\nmethods: { a: { optimizer: sgd } }\n",
    );
    const given = Array.from({ length: files }, (_, i) => (chance(random, 0.7) ? FILES[i] : pick(random, FILES)));
    const args = [command.name(), ...before, ...given, ...options(random, command)];
    keep("arguments.json", JSON.stringify(args));
    // what it was told may take hours
    const ended = await espalier(args, { folder: join(folder), stops: [{ signal: "SIGKILL", afterMs: 15_000 }] });
    if (ended.signal === "SIGKILL") return "still at work";
    checkEnd(args, ended);
    return `status ${ended.status}`;
  },
};
