/** The operator table: every operator Espalier knows, in canonical form (opset 17, static parameters as attributes). */
import type { AttrDef, AttrsOf, FullAttrs, Op } from "../op.ts";
import { convolutionOps } from "./convolution.ts";
import { elementwiseOps } from "./elementwise.ts";
import { type Domain, foreign } from "./foreign.ts";
import { linearOps } from "./linear.ts";
import { movementOps } from "./movement.ts";
import { normalizationOps } from "./normalization.ts";
import { poolingOps } from "./pooling.ts";
import { recurrentOps } from "./recurrent.ts";
import { reductionOps } from "./reduction.ts";
import { samplingOps } from "./sampling.ts";
import { selectionOps } from "./selection.ts";

export const ops = {
  ...elementwiseOps,
  ...linearOps,
  ...convolutionOps,
  ...poolingOps,
  ...normalizationOps,
  ...reductionOps,
  ...movementOps,
  ...recurrentOps,
  ...samplingOps,
  ...selectionOps,
};

export type OpName = keyof typeof ops;
/** The operators by family; in every pass their rules stand in the file of its name. */
export const families = {
  elementwise: elementwiseOps,
  linear: linearOps,
  convolution: convolutionOps,
  pooling: poolingOps,
  normalization: normalizationOps,
  reduction: reductionOps,
  movement: movementOps,
  recurrent: recurrentOps,
  sampling: samplingOps,
  selection: selectionOps,
};
/** The names of a family's operators. */
export type Families = { readonly [F in keyof typeof families]: keyof (typeof families)[F] };
type Spec<K extends OpName> = (typeof ops)[K];
/** Attributes of operator K as a caller gives them. */
export type OpAttrs<K extends OpName> = AttrsOf<Spec<K>["attrs"]>;
/** Attributes of operator K as its rules receive them. */
export type OpFullAttrs<K extends OpName> = FullAttrs<Spec<K>["attrs"]>;
export type OpArity<K extends OpName> = Spec<K>["arity"];
export type OpMulti<K extends OpName> = Spec<K>["multi"];

/** The entry of an operator of the standard domain, or undefined. */
export function opOf(name: string, domain = ""): Op | undefined {
  if (domain !== "" || !Object.hasOwn(ops, name)) return undefined;
  return ops[name as OpName] as unknown as Op;
}

/** The same, with the operators of other domains that Espalier emits. It does not interpret those of a model that it reads. */
export function entryOf(name: string, domain: string): Op | undefined {
  if (!Object.hasOwn(foreign, domain)) return opOf(name, domain);
  const table = foreign[domain as Domain];
  return Object.hasOwn(table, name) ? (table[name as keyof typeof table] as unknown as Op) : undefined;
}

/** Attributes with the table's defaults filled in. */
export function withDefaults(entry: Op, attrs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = { ...attrs };
  for (const [k, def] of Object.entries(entry.attrs as Record<string, AttrDef>)) out[k] ??= def.default;
  return out;
}
