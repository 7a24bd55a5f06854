/**
 * The campaign: tries for so many minutes to break Espalier, from a printed seed, and says what it found.
 * usage: npm run campaign -- [--minutes 5] [--seed N] [--only SUITE,…] [--case N] [--workers 2] [--json FILE] [--out FOLDER]
 * Exit status 0 when nothing was found, 1 when something was, 2 for wrong usage.
 */
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { machine, sourceOf } from "../experiments/provenance.ts";
import { sealed } from "../experiments/seal.ts";
import { runCampaign } from "./campaign.ts";
import { projectFolder } from "./place.ts";
import type { CampaignRecord, Fault } from "./record.ts";
import { suites } from "./suites/index.ts";
import { faultTable, suiteTable } from "./table.ts";

const root = projectFolder();
const positive = (text: string): number => {
  const x = Number(text);
  if (!(x > 0)) throw new InvalidArgumentError("It must be a positive number.");
  return x;
};
const whole = (text: string): number => {
  const x = Number(text);
  if (!Number.isSafeInteger(x) || x < 0) throw new InvalidArgumentError("It must be an integer ≥ 0.");
  return x;
};
const named = (text: string): string[] => {
  const names = text.split(",");
  const known = suites.map((s) => s.name);
  const wrong = names.find((n) => !known.includes(n));
  if (wrong !== undefined) throw new InvalidArgumentError(`${wrong} is none of ${known.join(", ")}.`);
  return names;
};

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly only?: readonly string[];
  readonly case?: number;
  readonly workers: number;
  readonly json?: string;
  readonly out: string;
}
const options = new Command("campaign")
  .description("Tries to break Espalier, from a printed seed, and says what it found.")
  .option("--minutes <n>", "for so long", positive, 5)
  .option("--seed <n>", "what all cases are drawn from (default: a new one)", whole)
  .option("--only <suites>", `some of ${suites.map((s) => s.name).join(", ")}`, named)
  .option("--case <n>", "one case of the one suite of --only, again", whole)
  .option("--workers <n>", "processes at once", positive, Math.min(2, availableParallelism()))
  .option("--json <file>", "write the figures there")
  .option("--out <folder>", "where what failed is kept", "runs/campaign")
  .exitOverride((e) => process.exit(e.exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Options>();
const { seed = randomInt(2 ** 32), only, case: index } = options;
if (index !== undefined && only?.length !== 1) {
  console.error("error: --case wants the one suite that it is of: --only SUITE");
  process.exit(2);
}

const folder = resolve(root, options.out, String(seed));
rmSync(folder, { recursive: true, force: true });
const started = performance.now();

/** Said when a fault is first seen, so that a campaign that is stopped has said it. */
function onFault({ suite, kind, message, place, stack, firstCase, repeat }: Fault): void {
  const trace = index === undefined || !stack ? [] : [stack];
  console.error(
    [
      `${suite} ${firstCase}: ${kind} at ${place}: ${message}`,
      ...trace,
      `  again: ${repeat}`,
      `  input: ${join(folder, `${suite}-${firstCase}`)}`,
    ].join("\n"),
  );
}

function content(record: CampaignRecord): object {
  const { commit, differs = [] } = existsSync(join(root, ".git")) ? sourceOf(root, ["campaign"]) : {};
  return {
    name: "campaign",
    ...{ seed, minutes: options.minutes, commit, ...(differs.length > 0 && { draft: true, differs }) },
    recorded: new Date().toISOString(),
    seconds: (performance.now() - started) / 1000,
    machine: machine(),
    suites: [...record.suites.values()],
    faults: record.faults,
  };
}

console.log(`seed ${seed}`);
const record = await runCampaign({
  suites: only ? suites.filter((s) => only.includes(s.name)) : suites,
  module: new URL("./suites/index.js", import.meta.url).href,
  ...{ seed, minutes: options.minutes, only: index, workers: options.workers, folder, onFault },
});
const { faults } = record;
if (options.json) {
  mkdirSync(dirname(resolve(root, options.json)), { recursive: true });
  writeFileSync(resolve(root, options.json), sealed(content(record)));
}
console.log(suiteTable([...record.suites.values()], faults));
if (faults.length > 0) console.log(`\n${faultTable(faults)}`);
const cases = [...record.suites.values()].reduce((n, s) => n + s.cases, 0);
console.log(`\nseed ${seed}: ${cases} cases, ${faults.length} ${faults.length === 1 ? "fault" : "faults"}`);
process.exitCode = faults.length > 0 || cases === 0 ? 1 : 0;
