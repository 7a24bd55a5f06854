/** What Espalier knows of each operator, read off the tables that its passes follow. */
import { rules as gradients } from "../autodiff/rules/index.ts";
import { isCounted } from "../graph/macs.ts";
import type { AttrDef, Op } from "../graph/op.ts";
import { families, type OpName, opOf } from "../graph/ops/index.ts";
import { barrierOf } from "../groups/axes/index.ts";
import { shrinkRuleOf } from "../shrink/rules/index.ts";
import type { ShrinkRule } from "../shrink/rules/rule.ts";

/** One operator of ONNX's standard domain. */
export interface OperatorRow {
  readonly name: OpName;
  readonly family: string;
  /** The first opset in which it is read and written; 9 is the oldest that Espalier reads. */
  readonly since: number;
  /** Required and optional inputs in canonical form, "2–3"; "1…" is a list. */
  readonly inputs: string;
  /** Attributes in canonical form; those that are inputs in a file included. */
  readonly attributes: readonly string[];
  /** Whether gradients pass: by a rule, as a sum of the inputs' parts, as zero, or not at all. */
  readonly gradient: "rule" | "linear" | "zero" | "none";
  /** Why no channel passes through it, so that none which it reads can be removed; absent where some may. */
  readonly barrier?: string;
  /** What is known of its output where inputs are constant: a number, the product with a weight, or nothing and why. */
  readonly constants: string;
  /** What changes in it when channels go; absent: nothing but its shapes. */
  readonly cut?: string;
  /** Whether its multiply–accumulates count. */
  readonly counted: boolean;
}

/**
 * Every operator that Espalier trains, groups and cuts, by family and name. Others are read, run and written as they are, and
 * let no channel pass.
 */
export const operatorTable = (): OperatorRow[] =>
  Object.entries(families).flatMap(([family, ops]) =>
    Object.keys(ops)
      .sort()
      .map((name) => rowOf(family, name as OpName)),
  );

function rowOf(family: string, name: OpName): OperatorRow {
  const entry = opOf(name)!;
  const rule = shrinkRuleOf({ op: name, domain: "" })!;
  const [barrier, cut] = [barrierOf(name), cutText(rule)];
  return {
    name,
    family,
    since: entry.since ?? 9,
    inputs: inputsText(entry),
    attributes: Object.keys(entry.attrs as Record<string, AttrDef>),
    gradient: gradientOf(name),
    ...(barrier && { barrier }),
    constants: constantsText(rule),
    ...(cut && { cut }),
    counted: isCounted(name),
  };
}

const inputsText = ({ arity, required }: Op): string =>
  arity === "n" ? "1…" : required < arity ? `${required}–${arity}` : `${arity}`;

function gradientOf(name: string): OperatorRow["gradient"] {
  if (!Object.hasOwn(gradients, name)) return "none";
  const rule = gradients[name as keyof typeof gradients];
  if (!("factors" in rule)) return "rule";
  return rule.factors.every((f) => f === 0) ? "zero" : "linear";
}

function constantsText({ fold }: ShrinkRule): string {
  if ("opaque" in fold) return `unknown: ${fold.opaque}`;
  if ("weight" in fold) return "times the weight";
  return "each" in fold ? "of each element" : "of the channel";
}

function cutText({ cut: { attrs, without, indices } }: ShrinkRule): string | undefined {
  const parts = [
    ...(attrs ? ["attributes that count indices"] : []),
    ...(without ? [`${without} that vanish are left out`] : []),
    ...(indices ? ["stored indices"] : []),
  ];
  return parts.length > 0 ? parts.join("; ") : undefined;
}
