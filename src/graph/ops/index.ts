/** The operator table: every operator Espalier knows, in canonical form (opset 17, static parameters as attributes). */
import type { AttrDef, AttrsOf, FullAttrs, Op } from "../op.ts";
import { convolution } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { linear } from "./linear.ts";
import { movement } from "./movement.ts";
import { normalization } from "./normalization.ts";
import { pooling } from "./pooling.ts";
import { reduction } from "./reduction.ts";

export const ops = {
  ...elementwise,
  ...linear,
  ...convolution,
  ...pooling,
  ...normalization,
  ...reduction,
  ...movement,
};

export type OpName = keyof typeof ops;
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

/** Attributes with the table's defaults filled in. */
export function withDefaults(entry: Op, attrs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = { ...attrs };
  for (const [k, def] of Object.entries(entry.attrs as Record<string, AttrDef>)) out[k] ??= def.default;
  return out;
}
