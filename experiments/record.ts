/**
 * What every experiment and every benchmark writes: its figures with the commit, the command, versions, machine, seed and time that
 * made them, sealed, as JSON in experiments/results or bench/results. It begins before the first figure, so that a run which could not be
 * repeated is refused before it has cost hours. A draft may run from any sources; it goes to runs/ and no page shows it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Engine, mean, type Store, sampleDeviation } from "espalier";
import { directory } from "espalier/node";
import { type Apart, commandOf, machine, sourceOf } from "./provenance.ts";
import { sealed } from "./seal.ts";

/** What every experiment can be told, as `parseArgs` of node:util takes it. */
export const common = {
  /** The folder of the data; default: $ESPALIER_DATA, as `datasets.open` has it. */
  "data-root": { type: "string" },
  draft: { type: "boolean", default: false },
  /** Seconds to wait, at most, for other programs to be quiet before latencies are measured. */
  wait: { type: "string", default: "60" },
} as const;

/** Numbers, separated by commas. */
export const numbersFlag = (text: string): number[] => text.split(",").map(Number);

/** What is written to. Seeds are named, since nothing here is random otherwise. */
export interface Content {
  readonly settings: Readonly<Record<string, unknown>> &
    ({ readonly seed: number } | { readonly seeds: readonly number[] });
  readonly rows: readonly object[];
}

export interface Begin {
  /** Of the file, without its ending. */
  readonly name: string;
  /** Where it lies. */
  readonly results?: "experiments/results" | "bench/results";
  readonly draft?: boolean;
  /** Flags beside the common ones that change no figure. */
  readonly apart?: Apart;
  readonly root?: string;
  readonly argv?: readonly string[];
}

export interface Recording {
  /** What was begun: the same in every row. */
  readonly commit: string;
  /** A folder for what is not finished; nothing of another commit is in it, and a draft begins anew each time. */
  readonly folder: string;
  /** A run directory in that folder: with `resume: true` what was interrupted goes on. */
  store(name: string): Store;
  /**
   * Writes the result, whole. A row that says no commit was made at this one.
   * @param by the engine, or all versions that took part
   */
  write(by: Pick<Engine, "name" | "version"> | readonly string[], content: Content): Promise<void>;
  /** The same into `folder`, for what an interrupted program has so far. */
  keep: Recording["write"];
}

/**
 * To be called before anything is computed.
 * @throws Error for sources that are not those of the commit, unless it is a draft
 */
export function begin({
  name,
  results = "experiments/results",
  draft = false,
  apart = {},
  root = process.cwd(),
  argv = process.argv,
}: Begin): Recording {
  const started = performance.now();
  const { commit, differs } = sourceOf(root);
  const command = commandOf(root, argv, { ...common, ...apart });
  if (differs.length > 0 && !draft)
    throw new Error(
      `${command} would be recorded as a run of commit ${commit.slice(0, 7)}, but ${differs[0]}${differs.length > 1 ? `, and ${differs.length - 1} more` : ""}.\nCommit and build (npm run build), or try it with --draft, which writes to runs/ only.`,
    );
  const folder = join(root, "runs", "experiments", name, draft ? `draft-${process.pid}` : commit.slice(0, 12));
  const file = draft ? join(folder, `${name}.json`) : join(root, results, `${name}.json`);
  if (draft) console.error(`a draft: it will be written to ${file}`);
  const into =
    (target: string): Recording["write"] =>
    async (by, { settings, rows }) => {
      const runtime = "version" in by ? `${by.name} ${by.version}` : by;
      const content = {
        name,
        command,
        commit,
        ...(draft && { draft, differs }),
        recorded: new Date().toISOString(),
        seconds: (performance.now() - started) / 1000,
        machine: { ...machine(), runtime },
        settings,
        rows: rows.map((row) => ({ ...row, commit: "commit" in row ? row.commit : commit })),
      };
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, sealed(content));
    };
  return {
    commit,
    folder,
    store: (run) => directory(join(folder, run)),
    write: into(file),
    keep: into(join(folder, `${name}.json`)),
  };
}

/** Mean and sample standard deviation, which is 0 of one value. */
export const meanStd = (xs: readonly number[]): { mean: number; std: number } => ({
  mean: mean(xs),
  std: sampleDeviation(xs) ?? 0,
});
