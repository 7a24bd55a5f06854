/** From the settings of a sweep to its plan, and from a trial's values to the settings of its run. */
import { availableParallelism } from "node:os";
import {
  EspalierError,
  type SweepDimension,
  type SweepPlan,
  type SweepSpace,
  type SweepValues,
  sweepPlan,
  trialKey,
  UsageError,
} from "espalier";
import { choose } from "./choices.ts";
import { type Origins, settings } from "./config.ts";
import { lossesIn } from "./losses.ts";
import { methods, resolved } from "./methods.ts";
import { camel, kebab } from "./names.ts";
import { notSwept, type SweepConfig, sweepFields } from "./sweep-fields.ts";
import { type TrainConfig, type TrainKey, trainFields } from "./train-fields.ts";

/** A sweep that is understood. */
export interface PlannedSweep {
  readonly plan: SweepPlan;
  /** As sweep.json keeps them: whoever goes on trains alike. */
  readonly config: SweepConfig;
  /** The settings of a trial, as `train` takes them; without a directory. */
  settingsOf(values: SweepValues): TrainConfig;
  /** The hash of its resolved configuration. */
  keyOf(values: SweepValues): Promise<string>;
}

type Ways = Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
type Spoken = NonNullable<SweepConfig["space"]>[string];
const isRange = (d: Spoken): d is { from: number; to: number; log?: boolean; steps?: number } =>
  !Array.isArray(d) && typeof d["from"] === "number" && typeof d["to"] === "number";
const isWays = (d: Spoken): d is Ways => !Array.isArray(d) && !isRange(d);

/** @throws UsageError naming file and key */
export function plannedSweep(config: SweepConfig, origins: Origins): PlannedSweep {
  const {
    config: _,
    space: spoken,
    search,
    trials,
    searchSeed,
    ahead,
    objectives,
    stopping,
    parallel = 1,
    ...rest
  } = config;
  const { out, resume, overwrite, queue, watch, ...shared } = rest;
  if (!spoken)
    throw new UsageError(
      "missing",
      "sweep wants a space",
      { where: origins.file, wanted: "space: { NAME: [values] or { from, to }, … }" },
      "for example  space: { lambda: { from: 1e-4, to: 1e-2, log: true } }",
    );
  const threads = shared.threads ?? Math.max(1, Math.floor(availableParallelism() / parallel));
  const fixed: TrainConfig = { ...shared, threads };
  const space: SweepSpace = Object.fromEntries(
    Object.entries(spoken).map(([name, d]) => [name, dimensionOf(name, d, origins)]),
  );
  const settingsOf = (values: SweepValues) => trialSettings(values, { fixed, spoken, origins });
  const asked = { space, search, trials, searchSeed, ahead, objectives, stopping };
  const firstOf = (d: SweepDimension) => ("values" in d ? d.values[0] : d.from);
  const first = Object.fromEntries(Object.entries(space).map(([name, d]) => [name, firstOf(d)]));
  const { epochs, loss } = choose(settingsOf(first));
  const plan = within(origins, () => sweepPlan(defined(asked), epochs, lossesIn(loss).includes("crossEntropy")));
  checkStopping(plan, fixed, spoken, origins);
  for (const [name, d] of Object.entries(space))
    for (const value of "values" in d ? d.values : [d.from, d.to])
      within(origins, () => checked(settingsOf({ ...first, [name]: value })), name);
  return {
    plan,
    config: { ...defined(asked), ...fixed, space: spoken } as SweepConfig,
    settingsOf,
    keyOf: (values) => trialKey(keyed(settingsOf(values))),
  };
}

const defined = <T extends object>(values: T): T =>
  Object.fromEntries(Object.entries(values).filter(([, v]) => v !== undefined)) as T;

const checked = (config: TrainConfig) => methods(choose(config));

/** Of a configuration what decides the result. */
function keyed(config: TrainConfig): Readonly<Record<string, unknown>> {
  const choices = choose(config);
  const all = Object.entries(resolved(choices, methods(choices)));
  return Object.fromEntries(all.filter(([key]) => !notSwept.includes(key as TrainKey)));
}

const sameForAll = (name: string, where: string): UsageError =>
  new UsageError(
    "conflict",
    `${name} is the same for all trials`,
    { where },
    Object.hasOwn(sweepFields, camel(name))
      ? "write it beside the space"
      : "leave it out: a sweep sees to it, or cannot do it",
  );

function dimensionOf(name: string, d: Spoken, origins: Origins): SweepDimension {
  const where = origins.of("space", name);
  if (isWays(d)) {
    if (Object.keys(d).length === 0) throw new UsageError("missing", `${name} has nothing to choose from`, { where });
    for (const [way, given] of Object.entries(d))
      for (const key of Object.keys(given ?? {}))
        if (notSwept.includes(camel(key) as TrainKey)) throw sameForAll(key, `${where}.${way}.${key}`);
    return { values: Object.keys(d) };
  }
  const key = camel(name) as TrainKey;
  if (!Object.hasOwn(trainFields, key) || notSwept.includes(key)) {
    if (Object.hasOwn(trainFields, key)) throw sameForAll(name, where);
    throw new UsageError(
      "unknown-name",
      `there is no setting "${name}"`,
      { where },
      "name a setting of espalier train, or names with settings each: { A: { … }, B: { … } }",
    );
  }
  if (!isRange(d)) return { values: d };
  const { from, to, log = false, steps } = d;
  const integer = !trainFields[key].schema.safeParse(from + 0.5).success;
  return { from, to, scale: log ? "log" : "linear", integer, ...(steps !== undefined && { steps }) };
}

interface Spelled {
  readonly fixed: TrainConfig;
  readonly spoken: NonNullable<SweepConfig["space"]>;
  readonly origins: Origins;
}

/** The shared settings and the trial's own, which win; null takes a shared one away. */
function trialSettings(values: SweepValues, { fixed, spoken, origins }: Spelled): TrainConfig {
  const sources = Object.entries(values).map(([name, value]) => {
    const d = spoken[name];
    const given = isWays(d) ? (d[String(value)] ?? {}) : { [name]: value };
    const label = (key: string) => `${origins.of("space", name)}${isWays(d) ? `.${value}.${key}` : ""}`;
    return { label, values: Object.fromEntries(Object.entries(given).map(([key, v]) => [camel(key), v])) };
  });
  const own = Object.assign({}, ...sources.map((s) => s.values)) as Record<string, unknown>;
  const gone = Object.keys(own).filter((key) => own[key] === null);
  const kept = (all: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(all).filter(([key, v]) => v !== undefined && !gone.includes(key)));
  return settings(trainFields, [
    { label: (key) => origins.of(key), values: kept({ ...fixed }) },
    ...sources.map((s) => ({ ...s, values: kept(s.values) })),
  ]);
}

/** All that a space says of a setting, by its name or in ways of one's own; of a range no number, as it can be any of many. */
const saidIn = (spoken: Spelled["spoken"], key: TrainKey): readonly unknown[] =>
  Object.entries(spoken).flatMap(([name, d]): readonly unknown[] => {
    if (!isWays(d)) return camel(name) !== key ? [] : isRange(d) ? [Number.NaN] : d;
    const given = Object.values(d).flatMap((way) => Object.entries(way ?? {}));
    return given.flatMap(([said, value]) => (camel(said) === key ? [value] : []));
  });

/** @throws UsageError where epochs are not what early stopping needs */
function checkStopping({ rungs }: SweepPlan, fixed: TrainConfig, spoken: Spelled["spoken"], origins: Origins): void {
  if (rungs.length === 0) return;
  const said = (key: TrainKey): readonly unknown[] => [fixed[key], ...saidIn(spoken, key)];
  const isSet = (value: unknown) => value !== undefined && value !== null && value !== false;
  const inTheWay = (["epochs", "steps", "targetSearch", "evalEvery"] as const).find((key) => {
    if (key === "epochs") return saidIn(spoken, key).length > 0;
    if (key === "evalEvery") return said(key).some((every) => rungs.some((epoch) => epoch % Number(every ?? 1) !== 0));
    return said(key).some(isSet);
  });
  if (!inTheWay) return;
  throw new UsageError(
    "conflict",
    `early stopping and ${kebab(inTheWay)} do not go together`,
    { where: origins.of("stopping"), rungs: rungs.join(", ") },
    inTheWay === "evalEvery"
      ? "score after each of these epochs"
      : `leave ${kebab(inTheWay)} as it is for all trials, or say stopping: false`,
  );
}

/** Says where in the file a mistake is that the library found. */
function within<T>(origins: Origins, check: () => T, name?: string): T {
  try {
    return check();
  } catch (e) {
    if (!(e instanceof UsageError)) throw e;
    const where = name === undefined ? origins.file : origins.of("space", name);
    throw new UsageError(e.code, e.what, { where, ...e.details }, e.fix);
  }
}

/** How a trial is called for people: "lr 0.1, lambda 1e-3". */
export const valuesText = (values: SweepValues): string =>
  Object.entries(values)
    .map(([name, value]) => `${kebab(name)} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");

/** The settings of a sweep that is gone on with, as sweep.json keeps them. @throws EspalierError for what cannot be used */
export function againstSaved(location: string, read: () => SweepConfig): SweepConfig {
  try {
    return read();
  } catch (e) {
    if (!(e instanceof EspalierError)) throw e;
    throw new EspalierError(
      "invalid-file",
      "sweep.json cannot be used",
      { in: location, reason: e.what },
      "start afresh with --overwrite",
    );
  }
}
