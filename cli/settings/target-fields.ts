/** A size that a run is to come to. */
import { type Steering, structureTarget, UsageError } from "espalier";
import { numberField, toggle, type ValuesOf } from "./field.ts";
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
  targetSearch: toggle("with target-params: search for the lambda that leads there by itself, in up to 8 whole runs"),
};

type Targets = ValuesOf<typeof targetFields>;
const measures = { targetParams: "params", targetMacs: "macs", targetBytes: "bytes" } as const;
const keys = Object.keys(measures) as (keyof typeof measures)[];

/** The target that is said, if one is. */
export function targetSaid(s: Targets): { readonly key: keyof typeof measures; readonly keep: number } | undefined {
  return keys.flatMap((key) => (s[key] === undefined ? [] : [{ key, keep: s[key] }]))[0];
}

/** What steers the run; nothing where lambda is searched for, or stays as it is. */
export function steeringOf(s: Targets): Steering | undefined {
  const target = s.targetSearch ? undefined : targetSaid(s);
  return target && structureTarget({ keep: target.keep, of: measures[target.key] });
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
  if (s.targetSearch && s.targetParams === undefined)
    throw new UsageError(
      "missing",
      "a search for lambda wants a share of the parameters",
      { wanted: "--target-params" },
      "for example --target-params 0.1 --target-search",
    );
}
