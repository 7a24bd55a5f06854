/** Attention as products and a Softmax: softmax(q·kᵀ·scale + mask)·v, head by head. */
import type { Builder } from "../../graph/builder.ts";
import type { DType, Value } from "../../graph/types.ts";
import { num, scaledBy } from "./expansion.ts";

/** What goes into the scores, and what is left out of them. */
export interface Heads {
  /** Queries, keys and values: [batch, heads, positions, width of a head]. */
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly scale: number;
  /** c·tanh(scores/c); 0 = none. */
  readonly softcap?: number;
  /** Added to the scores. */
  readonly added?: readonly Value[];
  /** Conditions under which a key is seen, all of which must hold. */
  readonly allowed?: readonly Value[];
  /** Whether they may leave a query without any key; it gets zeros then. */
  readonly mayShut?: boolean;
  /** What the Softmax is computed in. Default: what the scores are. */
  readonly precision?: DType;
}

interface Attended {
  /** [batch, heads, queries, width of a head] */
  readonly y: Value;
  /** The scores as they are at first, behind the cap, and with what is added. */
  readonly raw: Value;
  readonly capped: Value;
  readonly biased: Value;
  /** Whether a query sees a key; undefined: each sees all. */
  readonly seen: Value | undefined;
  readonly weights: Value;
}

/** So far below the rest that a Softmax gives nothing. Not −∞: of a row of that alone, a Softmax makes NaN. */
const shut = (g: Builder, like: Value): Value => num(g, like.dtype === "float16" ? -65504 : -1e30, like);

/** [batch, positions, heads · width] → [batch, heads, positions, width] */
export const apart = (g: Builder, x: Value, heads: number): Value =>
  g.Transpose(g.Reshape(x, { shape: [0, 0, heads, x.shape[2] / heads] }), { perm: [0, 2, 1, 3] });

/** The way back. */
export const together = (g: Builder, x: Value): Value =>
  g.Reshape(g.Transpose(x, { perm: [0, 2, 1, 3] }), { shape: [0, 0, x.shape[1] * x.shape[3]] });

/** Each head so many times in a row: keys and values that several heads of queries share. */
export function repeated(g: Builder, x: Value, count: number): Value {
  if (count === 1) return x;
  const each = g.Expand(g.Unsqueeze(x, { axes: [2] }), { shape: [1, 1, count, 1, 1] });
  return g.Reshape(each, { shape: [0, x.shape[1] * count, -1, x.shape[3]] });
}

function inPrecision(g: Builder, x: Value, to: DType): Value {
  if (to === x.dtype) return g.Softmax(x, { axis: -1 });
  return g.Cast(g.Softmax(g.Cast(x, { to }), { axis: -1 }), { to: x.dtype });
}

export function attend(g: Builder, heads: Heads): Attended {
  const { q, k, v, scale, softcap = 0, added = [], allowed = [], mayShut = false } = heads;
  const raw = g.MatMul(scaledBy(g, q, scale), g.Transpose(k, { perm: [0, 1, 3, 2] }));
  const capped = softcap === 0 ? raw : scaledBy(g, g.Tanh(scaledBy(g, raw, 1 / softcap)), softcap);
  const biased = added.reduce((s, bias) => g.Add(s, bias), capped);
  const [first, ...more] = allowed;
  const seen = first && more.reduce((a, b) => g.And(a, b), first);
  const masked = seen ? g.Where(seen, biased, shut(g, biased)) : biased;
  const soft = inPrecision(g, masked, heads.precision ?? masked.dtype);
  const weights = seen && mayShut ? g.Where(seen, soft, num(g, 0, soft)) : soft;
  return { y: g.MatMul(weights, v), raw, capped, biased, seen, weights };
}
