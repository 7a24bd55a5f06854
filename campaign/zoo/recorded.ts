/** The zoo's answers as a file: sealed, with the commit, the command and the machine. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { commandOf, machine, sourceOf } from "../../experiments/provenance.ts";
import { isIntact, sealed } from "../../experiments/seal.ts";
import type { Checked } from "./check.ts";

/** One file of a model, and what came of asking it. */
export interface ZooRow extends Checked {
  readonly family: string;
  readonly weights: number;
}

/** What is recorded. */
export interface RecordedZoo {
  readonly command: string;
  readonly commit: string;
  readonly recorded: string;
  readonly seconds: number;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly rows: readonly ZooRow[];
  /** What an exporter refused, and why. */
  readonly refused: readonly { readonly model: string; readonly way: string; readonly why: string }[];
  readonly seal?: string;
}

export const ZOO_RESULTS = "campaign/zoo/results.json";

/** Refuses sources that are not those of the commit, before anything is asked. @returns what writes the record */
export function beginRecord(root: string, runtime: string): (found: Pick<RecordedZoo, "rows" | "refused">) => void {
  const started = performance.now();
  const { commit, differs } = sourceOf(root, ["campaign", "test/fixtures/zoo"]);
  const others = differs.filter((d) => !d.startsWith(ZOO_RESULTS));
  if (others.length > 0) throw new Error(`${others[0]}: commit and build (npm run build) before you record`);
  const command = commandOf(root, process.argv, {});
  return ({ rows, refused }) => {
    const seconds = (performance.now() - started) / 1000;
    const head = { command, commit, recorded: new Date().toISOString(), seconds };
    writeFileSync(ZOO_RESULTS, sealed({ ...head, machine: { ...machine(), runtime }, rows, refused }));
  };
}

/** @throws Error for a record that was changed after it was written */
export function recordedZoo(path = ZOO_RESULTS): RecordedZoo | undefined {
  if (!existsSync(path)) return undefined;
  const recorded: RecordedZoo = JSON.parse(readFileSync(path, "utf8"));
  if (!isIntact(recorded))
    throw new Error(`${path} was changed after it was written: node dist/campaign/zoo/main.js --record`);
  return recorded;
}
