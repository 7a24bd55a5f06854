/** A size that a run is to come to. */
import { type Engine, type LatencyTable, latencyTarget, type Steering, structureTarget, UsageError } from "espalier";
import { integerField, latencyField, latencySaid, numberField, toggle, type ValuesOf } from "./field.ts";
import { kebab } from "./names.ts";

const share = (of: string, more = "") =>
  numberField(
    `keep this share of the ${of}, such as 0.3, in one run: lambda is steered there, then what is left over is cut${more}`,
    {
      above: 0,
      below: 1,
    },
  );

export const targetFields = {
  targetParams: share("parameters"),
  targetMacs: share("multiply-adds", "; --weights macs is its default"),
  targetBytes: share("file's bytes"),
  targetLatency: latencyField(
    "come to this time on this machine, with --threads, in one run: 2ms, or a share of what the model takes, such as 0.5; --weights latency is its default",
  ),
  latencyBatch: integerField("target-latency: samples of a call (default 1)", { min: 1 }),
  targetSearch: toggle("with target-params: search for the lambda that leads there by itself, in up to 8 whole runs"),
};

type Targets = ValuesOf<typeof targetFields>;
const measures = { targetParams: "params", targetMacs: "macs", targetBytes: "bytes" } as const;
const shares = Object.keys(measures) as (keyof typeof measures)[];
const keys = [...shares, "targetLatency"] as const;

/** The target that is said, if one is. */
export function targetSaid(
  s: Targets,
): { readonly key: (typeof keys)[number]; readonly value: number | string } | undefined {
  return keys.flatMap((key) => (s[key] === undefined ? [] : [{ key, value: s[key] }]))[0];
}

/** What a time is measured with. */
interface Timing {
  readonly engine: Engine;
  /** Of a run that is steered to a time. */
  readonly latency?: LatencyTable;
}

/** What steers the run; nothing where lambda is searched for, or stays as it is. */
export function steeringOf(s: Targets, { engine, latency: table }: Timing): Steering | undefined {
  if (s.targetSearch) return undefined;
  const key = shares.find((k) => s[k] !== undefined);
  if (key) return structureTarget({ keep: s[key]!, of: measures[key] });
  return s.targetLatency !== undefined && table
    ? latencyTarget({ engine, table, ...latencySaid(s.targetLatency) })
    : undefined;
}

/** @throws UsageError for targets that exclude each other */
export function checkRunTargets(s: Targets): void {
  const given = keys.filter((key) => s[key] !== undefined);
  if (given.length > 1)
    throw new UsageError(
      "conflict",
      "a run is steered to one target",
      { got: given.map((key) => `--${kebab(key)} ${s[key]}`).join(" ") },
      "say one of them",
    );
  if (s.latencyBatch !== undefined && s.targetLatency === undefined)
    throw new UsageError(
      "missing",
      "a batch to be fast at belongs to a time",
      { got: `--latency-batch ${s.latencyBatch}`, wanted: "--target-latency" },
      "for example --target-latency 2ms --latency-batch 8",
    );
  if (s.targetSearch && s.targetParams === undefined)
    throw new UsageError(
      "missing",
      "a search for lambda wants a share of the parameters",
      { wanted: "--target-params" },
      "for example --target-params 0.1 --target-search",
    );
}
