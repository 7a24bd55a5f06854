/** A run directory from outside: whether it holds a run, with which settings, and how a new one begins. */
import { existsSync } from "node:fs";
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
import { directory, environment } from "espalier/node";
import { settings } from "./config.ts";
import { kebab } from "./names.ts";
import { type TrainConfig, type TrainKey, trainFields } from "./train-fields.ts";

/** Settings that do not decide what is trained, and may differ when a run is resumed. */
const MAY_CHANGE: readonly TrainKey[] = ["out", "resume", "overwrite", "threads", "device", "dataRoot"];

export interface RunFolder {
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
  const out = asked.out ?? freeName(asked);
  const store = directory(out);
  const files = await store.list();
  const holdsRun = files.includes(FILES.run) || files.includes(FILES.checkpoint);
  if (!holdsRun && asked.resume && !asked.model)
    throw new UsageError(
      "missing",
      `there is no run in ${out} to go on with`,
      { wanted: FILES.run, found: files.join(", ") || "nothing" },
      "check --out; with --model and --data a new run starts there",
    );
  if (!holdsRun || asked.overwrite) return { out, store, config: asked, summary: undefined };
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
  return { out, store, config, summary: await savedSummary(store) };
}

/** runs/lenet5-digits, or the first of runs/lenet5-digits-2, -3 … that is free. */
export function freeName({ model = "model", data = "data" }: TrainConfig, prefix = ""): string {
  const last = (path: string) =>
    path
      .replaceAll("\\", "/")
      .split("/")
      .filter(Boolean)
      .at(-1)!
      .replace(/\.onnx$/, "");
  const base = join("runs", `${prefix}${last(model)}-${last(data)}`);
  let name = base;
  for (let i = 2; existsSync(name); i++) name = `${base}-${i}`;
  return name;
}

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
  return keys.filter((k) => !MAY_CHANGE.includes(k) && text(a[k]) !== text(b[k]));
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

/** Writes run.json. The first write of a run: it fails before training if the directory cannot be written. */
export function writeRun(store: Store, config: Readonly<Record<string, unknown>>, engine: Engine): Promise<void> {
  return writeJson(store, FILES.run, { config, environment: environment(engine) });
}
