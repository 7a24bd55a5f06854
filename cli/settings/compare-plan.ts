/** From the settings of a comparison to its runs. */
import { EspalierError, methodFolder, type PlannedRun, UsageError } from "espalier";
import { Misplaced } from "./choices.ts";
import { type CompareConfig, notPerMethod } from "./compare-fields.ts";
import { type Origins, settings } from "./config.ts";
import { camel } from "./names.ts";
import { type TrainConfig, type TrainKey, trainFields } from "./train-fields.ts";

/** A run with its settings. */
export interface Planned extends PlannedRun {
  /** As `train` takes them; without a directory. */
  readonly settings: TrainConfig;
}

export interface ComparePlan {
  readonly methods: readonly string[];
  readonly seeds: readonly number[];
  /** All methods with the first seed, then with the next: a first comparison is there early. */
  readonly runs: readonly Planned[];
}

/** @throws UsageError naming file, method and key */
export function comparePlan(config: CompareConfig, origins: Origins): ComparePlan {
  const { config: _, methods: named, seeds = [1], out, resume, overwrite, ...shared } = config;
  for (const key of ["model", "data"] as const)
    if (!shared[key])
      throw new UsageError(
        "missing",
        `compare wants ${key === "model" ? "a model" : "data"}`,
        { where: origins.file, wanted: `${key}: NAME` },
        `for example  ${key}: ${key === "model" ? "lenet5" : "digits"}`,
      );
  if (!named)
    throw new UsageError(
      "missing",
      "compare wants methods",
      { where: origins.file, wanted: "methods: { NAME: { settings }, … }" },
      "for example  methods: { dense: { optimizer: sgd }, RMDA: { optimizer: rmda } }",
    );
  const methods = Object.keys(named);
  const slugs = slugsOf(methods, origins);
  const own = methods.map((method) => methodSettings(method, named[method] ?? {}, shared, origins));
  const runs = seeds.flatMap((seed) =>
    methods.map((method, i) => ({
      method,
      seed,
      folder: `${slugs[i]}/seed-${seed}`,
      settings: { ...own[i], seed },
    })),
  );
  return { methods, seeds, runs };
}

/** The shared settings and the method's own, which win; null takes a shared one away. */
function methodSettings(
  method: string,
  given: Readonly<Record<string, unknown>>,
  shared: TrainConfig,
  origins: Origins,
): TrainConfig {
  const written = new Map(Object.keys(given).map((key) => [camel(key), key]));
  const label = (key: string) => `${origins.of("methods", method)}.${written.get(key) ?? key}`;
  const values = Object.fromEntries(Object.entries(given).map(([key, v]) => [camel(key), v]));
  if ("seed" in values)
    throw new UsageError(
      "conflict",
      "a method has no seed of its own",
      { where: label("seed") },
      "list the seeds of all methods beside them, for example  seeds: [1, 2, 3]",
    );
  const wrong = notPerMethod.find((key) => key in values);
  if (wrong)
    throw new UsageError(
      "conflict",
      `${written.get(wrong)} is the same for all methods`,
      { where: label(wrong), got: JSON.stringify(values[wrong]) },
      `write it beside "methods", or compare in two files`,
    );
  const kept = (all: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(all).filter(([key, v]) => v !== undefined && values[key] !== null));
  return settings(trainFields, [
    { label: (key) => origins.of(key), values: kept(shared) },
    { label, values: kept(values) },
  ]);
}

function slugsOf(methods: readonly string[], origins: Origins): string[] {
  const slugs = methods.map(methodFolder);
  slugs.forEach((name, i) => {
    const first = slugs.indexOf(name);
    if (name !== "" && first === i) return;
    throw new UsageError(
      "conflict",
      name === "" ? `the method "${methods[i]}" has no letter or digit` : "two methods would share one folder",
      {
        where: origins.of("methods", methods[i]),
        got: [...(first < i ? [methods[first]] : []), methods[i]].join(", "),
        folder: name || undefined,
      },
      "give it another name",
    );
  });
  return slugs;
}

/** Which settings a method has of its own, null among them. */
export const ownKeys = ({ methods }: CompareConfig, method: string): TrainKey[] =>
  Object.keys(methods?.[method] ?? {}).map((key) => camel(key) as TrainKey);

/** Runs what checks a method, and says in which one it found a mistake, or that a shared setting is none for it. */
export async function inMethod<T>(
  method: string,
  config: CompareConfig,
  origins: Origins,
  check: () => Promise<T>,
): Promise<T> {
  try {
    return await check();
  } catch (e) {
    if (!(e instanceof EspalierError)) throw e;
    if (e instanceof Misplaced && !ownKeys(config, method).includes(e.key))
      throw new UsageError(
        e.code,
        e.what,
        { where: `${origins.of(e.key)}, which all methods share`, method, ...e.details },
        `say  ${e.key}: null  in methods.${method}`,
      );
    const Kind = e instanceof UsageError ? UsageError : EspalierError;
    throw new Kind(e.code, e.what, { where: origins.of("methods", method), ...e.details }, e.fix);
  }
}
