/** A run directory from outside: whether it holds a run, with which settings, and how a new one begins. */
import { join } from "node:path";
import {
  type Engine,
  EspalierError,
  FILES,
  type Store,
  type Summary,
  savedSummary,
  UsageError,
  writeJson,
} from "espalier";
import { environment, isInBucket, newDirectory, storeAt } from "espalier/node";
import { z } from "zod";
import { settings } from "./config.ts";
import { kebab } from "./names.ts";
import { placeKeys, type TrainConfig, type TrainKey, trainFields } from "./train-fields.ts";

export interface RunFolder {
  /** What was asked for; without `out` in it the folder is one that nobody has, and `occupy` says which. */
  readonly asked: TrainConfig;
  readonly out: string;
  readonly store: Store;
  /** Of the run that is resumed, or as asked. */
  readonly config: TrainConfig;
  /** What the run came to, if it is finished. */
  readonly summary: Summary | undefined;
}

/** @throws UsageError when the directory holds a run and nothing was said about it, or the settings differ */
export async function place(asked: TrainConfig): Promise<RunFolder> {
  if (asked.resume && !asked.out)
    throw new UsageError(
      "missing",
      "resume wants the run directory",
      { wanted: "--out" },
      "for example --resume --out runs/a",
    );
  const out = asked.out ?? nameOf(asked);
  const store = storeAt(out);
  if (!asked.out) return { asked, out, store, config: asked, summary: undefined };
  const files = await store.list();
  const holdsRun = [FILES.run, FILES.checkpoint, FILES.summary].some((name) => files.includes(name));
  if (!holdsRun && asked.resume && !asked.model)
    throw new UsageError(
      "missing",
      `there is no run in ${out} to go on with`,
      { wanted: FILES.run, found: files.join(", ") || "nothing" },
      "check --out; with --model and --data a new run starts there",
    );
  if (!holdsRun || asked.overwrite) return { asked, out, store, config: asked, summary: undefined };
  if (!asked.resume)
    throw new UsageError(
      "exists",
      `${out} already holds a run`,
      { found: files.filter((f) => Object.values<string>(FILES).includes(f)).join(", ") },
      "go on with --resume, start afresh with --overwrite, or choose another --out",
    );
  const saved = await savedConfig(store);
  if (saved) checkSame(saved, asked, out);
  const config = { ...saved, ...asked };
  return { asked, out, store, config, summary: await savedSummary(store) };
}

/** A folder that is this process's alone until it is given up. */
export interface Occupied<T> {
  readonly where: T;
  release(): Promise<void>;
}

/**
 * Locks a run's folder, or makes one that nobody has.
 * @throws EspalierError when somebody else works there, or has worked there since it was looked at; UsageError as `place`
 */
export async function occupy(where: RunFolder): Promise<Occupied<RunFolder>> {
  const { asked } = where;
  const store = asked.out ? where.store : await newDirectory(where.out);
  const release = await store.lock();
  try {
    if (!asked.out) return { where: { ...where, out: store.location, store }, release };
    const now = await place(asked);
    if (text([now.config, now.summary]) === text([where.config, where.summary])) return { where, release };
    throw changedMeanwhile(where.out);
  } catch (error) {
    await release();
    throw error;
  }
}

/** What was looked at before the folder was locked is not so any more. */
export const changedMeanwhile = (folder: string): EspalierError =>
  new EspalierError("locked", `another process has worked in ${folder} meanwhile`, {}, "start again");

/** @throws UsageError for a place in a bucket */
export function wantsFolder(what: string, place: string): void {
  if (!isInBucket(place)) return;
  throw new UsageError("unsupported", `${what} is kept in a folder`, { got: place }, "give a folder as --out");
}

/** runs/lenet5-digits, which may be taken. */
export function nameOf({ model = "model", data = "data" }: TrainConfig, prefix = ""): string {
  const last = (path: string) =>
    path
      .replaceAll("\\", "/")
      .split("/")
      .filter(Boolean)
      .at(-1)!
      .replace(/\.onnx$/, "");
  return join("runs", `${prefix}${last(model)}-${last(data)}`);
}

const environments = z.object({ environment: z.record(z.string(), z.union([z.string(), z.number()])) });

async function savedConfig(store: Store): Promise<TrainConfig | undefined> {
  const bytes = await store.read(FILES.run);
  if (!bytes) return undefined;
  try {
    const { config } = JSON.parse(new TextDecoder().decode(bytes));
    return settings(trainFields, [{ label: (key) => `${FILES.run}: ${key}`, values: config }]);
  } catch (e) {
    const reason = e instanceof EspalierError ? e.what : (e as Error).message;
    throw new EspalierError(
      "invalid-file",
      "run.json cannot be used",
      { in: store.location, reason },
      "start afresh with --overwrite",
    );
  }
}

const text = (value: unknown) => (value === undefined || value === false ? "not set" : JSON.stringify(value));

/** Which of the settings that decide what is trained are not the same; of all that either has, unless `keys` are named. */
export function differing(
  a: TrainConfig,
  b: TrainConfig,
  keys = Object.keys({ ...a, ...b }) as TrainKey[],
): TrainKey[] {
  return keys.filter((k) => !placeKeys.includes(k) && text(a[k]) !== text(b[k]));
}

function checkSame(saved: TrainConfig, asked: TrainConfig, out: string): void {
  const differ = differing(saved, asked, Object.keys(asked) as TrainKey[]);
  if (differ.length === 0) return;
  throw new UsageError(
    "conflict",
    `the run in ${out} has other settings: ${differ.join(", ")}`,
    Object.fromEntries(differ.map((k) => [`--${kebab(k)}`, `run ${text(saved[k])}, now ${text(asked[k])}`])),
    "resume without these, start afresh with --overwrite, or choose another --out",
  );
}

/** Versions and machine, and how many ranks share the batches where several do. */
export const environmentOf = (engine: Engine, ranks: number): Readonly<Record<string, string | number>> => ({
  ...environment(engine),
  ...(ranks > 1 && { ranks }),
});

/**
 * What promises equal bytes and is not as it was: "threads 1 (before 2)". Of a run that begins there is nothing to say.
 * @param store where run.json is of the last time that the run went on
 * @param ranks that share its batches
 */
export async function differingEnvironment(store: Store, engine: Engine, ranks: number): Promise<readonly string[]> {
  const bytes = await store.read(FILES.run);
  if (!bytes) return [];
  const saved = environments.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data?.environment;
  const before: Readonly<Record<string, string | number>> = saved ? { ranks: 1, ...saved } : {};
  return Object.entries({ ...environment(engine), ranks })
    .filter(([what, now]) => before[what] !== undefined && before[what] !== now)
    .map(([what, now]) => `${what} ${now} (before ${before[what]})`);
}

/** Writes run.json. The first write of a run: it fails before training if the directory cannot be written. */
export function writeRun(
  store: Store,
  config: Readonly<Record<string, unknown>>,
  engine: Engine,
  ranks: number,
): Promise<void> {
  return writeJson(store, FILES.run, { config, environment: environmentOf(engine, ranks) });
}
