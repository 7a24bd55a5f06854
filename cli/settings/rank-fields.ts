/** How ranks are chosen, as `train` and `factorize` are told it. */
import { type Dataset, type RankRule, UsageError } from "espalier";
import { choice, integerField, numberField } from "./field.ts";

const rules = ["local", "global", "iterative"] as const satisfies readonly RankRule["rule"][];

const about = "how ranks are chosen: the same share of each layer, one threshold for all, or the least loss first";
export const ruleField = (more: string) => choice(`${about}${more}`, rules);
export const keepField = numberField("local, global: share of the singular values to keep", { above: 0, max: 1 });
export const relativeField = choice(
  "global: compare singular values relative to their layer's largest (all, default), as they are (none), or as LoRITa's code (conv)",
  ["all", "none", "conv"],
);
export const toleranceField = numberField(
  "iterative: how far accuracy may fall, as a fraction, judged on validation samples where there are any, else on training samples (default 0.01)",
  {
    min: 0,
    below: 1,
  },
);
export const fineTuneField = integerField("train for so many epochs after truncation (default 0)", { min: 1 });

/** What the flags say of a rule, each by itself. */
interface RankSettings {
  readonly rule: RankRule["rule"];
  readonly keep?: number;
  readonly tolerance?: number;
  readonly relative?: "all" | "none" | "conv";
}

/**
 * The rule as the library takes it.
 * @param prefix of the flags
 * @throws UsageError when the rule lacks what it needs, or got what it has no use for
 */
export function rankRule({ rule, keep, tolerance, relative }: RankSettings, prefix = ""): RankRule {
  const flag = (name: string) => `--${prefix}${name}`;
  if (rule === "iterative") {
    if (relative !== undefined) throw noRelative(rule, relative, flag);
    if (keep === undefined) return { rule, ...(tolerance !== undefined && { tolerance }) };
    throw new UsageError(
      "conflict",
      "the iterative rule keeps what accuracy needs, not a share",
      { got: `${flag("keep")} ${keep}` },
      `use ${flag("tolerance")}, or ${flag("rule")} local or global`,
    );
  }
  if (keep === undefined)
    throw new UsageError(
      "missing",
      `the ${rule} rule wants the share of singular values to keep`,
      { wanted: flag("keep") },
      `for example ${flag("keep")} 0.25; or ${flag("rule")} iterative, which looks for ranks that keep the accuracy`,
    );
  if (tolerance !== undefined)
    throw new UsageError("conflict", `the ${rule} rule has no tolerance`, { got: `${flag("tolerance")} ${tolerance}` });
  if (rule === "global") return { rule, keep, ...(relative !== undefined && { relative }) };
  if (relative !== undefined) throw noRelative(rule, relative, flag);
  return { rule, keep };
}

const noRelative = (rule: string, relative: string, flag: (name: string) => string): UsageError =>
  new UsageError(
    "conflict",
    `the ${rule} rule compares no singular values of different layers`,
    { got: `${flag("relative")} ${relative}` },
    `leave it out, or use ${flag("rule")} global`,
  );

/** @throws UsageError when the rule judges by an accuracy that there is not */
export function checkJudge(rule: RankRule["rule"], data: Dataset | undefined): void {
  if (rule !== "iterative") return;
  if (!data)
    throw new UsageError(
      "conflict",
      "the iterative rule judges by accuracy",
      { wanted: "--data" },
      "for example --data mnist",
    );
  if (data.classes === null)
    throw new UsageError(
      "conflict",
      "the iterative rule judges by accuracy, which these targets do not have",
      { data: data.name },
      "use the local or the global rule",
    );
}
