/**
 * Evaluates small integer computations on the host: what exporters emit around Reshape, Slice and Expand to compute a
 * shape from a shape. Values are plain numbers, exact up to 2⁵³.
 */

import type { Allowance } from "../graph/allowance.ts";
import type { Type } from "../graph/op.ts";
import { sliceRange } from "../graph/ops/movement.ts";
import { size } from "../graph/tensor.ts";
import type { Attrs, DType, Shape, Tensor } from "../graph/types.ts";
import { isExact, valuesOf } from "./tensors.ts";

/** A value known while reading. */
export interface Known extends Type {
  readonly values: readonly number[];
}

/** Larger tensors are data, not shapes. */
const LIMIT = 1024;

export const isSmall = (shape: Shape): boolean => size(shape) <= LIMIT;

export const knownTensor = (t: Tensor): Known => ({ dtype: t.dtype, shape: t.shape, values: valuesOf(t) });

type Rule = (x: readonly Known[], attrs: Attrs, out: Type) => readonly number[] | undefined;

const isInteger = (dtype: DType) => dtype.includes("int");

/** What integers of a type reach to, as far as numbers are exact. */
function holds(dtype: DType, x: number): boolean {
  const bits = Number(dtype.match(/\d+$/)?.[0] ?? 0);
  const unsigned = dtype.startsWith("u");
  const most = 2 ** (unsigned ? bits : bits - 1) - 1;
  return Number.isSafeInteger(x) && x <= most && x >= (unsigned ? 0 : -most - 1);
}

/** A result in its type; NaN, which is no shape, where it would wrap around or no longer be exact. */
function round(dtype: DType, x: number): number {
  if (dtype === "float32") return Math.fround(x);
  if (dtype === "bool") return Number(x !== 0);
  if (!isInteger(dtype)) return x;
  return holds(dtype, Math.trunc(x)) ? Math.trunc(x) : Number.NaN;
}

/** The elements, where numbers hold them. */
const exactly = (t: Tensor): readonly number[] | undefined => (isExact(t) ? valuesOf(t) : undefined);

/** Position in a tensor of `shape` of the element that broadcasting puts at flat index `i` of `out`. */
function source(shape: Shape, out: Shape, i: number): number {
  let at = 0;
  let stride = 1;
  let rest = i;
  for (let k = 1; k <= out.length; k++) {
    const d = out[out.length - k];
    const own = shape[shape.length - k] ?? 1;
    if (own !== 1) at += (rest % d) * stride;
    stride *= own;
    rest = Math.floor(rest / d);
  }
  return at;
}

const each =
  (f: (...x: number[]) => number): Rule =>
  (x, _, out) =>
    Array.from({ length: size(out.shape) }, (_, i) => {
      const operands = x.map((t) => t.values[source(t.shape, out.shape, i)]);
      const result = f(...operands);
      // "to the end" of a Slice is 2⁶³ − 1, which a number does not hold: it may be chosen, not computed with
      return operands.includes(result) && x.at(-1)!.dtype === out.dtype ? result : round(out.dtype, result);
    });

const same: Rule = ([x]) => x.values;

/** Reductions over everything; over single axes shapes are never computed. */
const reduce =
  (f: (a: number, b: number) => number): Rule =>
  ([x], _, out) =>
    size(out.shape) === 1 && x.values.length > 0
      ? [
          round(
            out.dtype,
            x.values.reduce((a, b) => f(a, b)),
          ),
        ]
      : undefined;

/** Selects along one axis: element `pick(k)` of the input becomes element k of the output. */
function select(x: Known, axis: number, count: number, pick: (k: number) => number): number[] {
  const inner = size(x.shape.slice(axis + 1));
  const outer = size(x.shape.slice(0, axis));
  const values: number[] = [];
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < count; k++)
      for (let i = 0; i < inner; i++) values.push(x.values[(o * x.shape[axis] + pick(k)) * inner + i]);
  return values;
}

const axisIn = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

const rules: Readonly<Record<string, Rule>> = {
  Constant: (_, { value }) => exactly(value as Tensor),
  ConstantOfShape: (_, { value }, out) => {
    const [filling] = exactly(value as Tensor) ?? [];
    return filling === undefined ? undefined : new Array<number>(size(out.shape)).fill(filling);
  },
  Cast: each((x) => x),
  Identity: same,
  Reshape: same,
  Flatten: same,
  Squeeze: same,
  Unsqueeze: same,
  Expand: each((x) => x),
  Abs: each(Math.abs),
  Ceil: each(Math.ceil),
  Floor: each(Math.floor),
  Neg: each((x) => -x),
  Sqrt: each(Math.sqrt),
  Not: each((x) => Number(x === 0)),
  Add: each((a, b) => a + b),
  Sub: each((a, b) => a - b),
  Mul: each((a, b) => a * b),
  Div: each((a, b) => a / b),
  Pow: each((a, b) => a ** b),
  Mod: (x, a, out) =>
    each((p, q) => (a.fmod || p % q === 0 || Math.sign(p) === Math.sign(q) ? p % q : (p % q) + q))(x, a, out),
  Max: each(Math.max),
  Min: each(Math.min),
  And: each((a, b) => a & b),
  Or: each((a, b) => a | b),
  Equal: each((a, b) => Number(a === b)),
  Greater: each((a, b) => Number(a > b)),
  GreaterOrEqual: each((a, b) => Number(a >= b)),
  Less: each((a, b) => Number(a < b)),
  LessOrEqual: each((a, b) => Number(a <= b)),
  Where: each((c, a, b) => (c ? a : b)),
  ReduceProd: reduce((a, b) => a * b),
  ReduceSum: reduce((a, b) => a + b),
  ReduceMax: reduce(Math.max),
  ReduceMin: reduce(Math.min),
  Concat: (x, { axis }, out) => {
    // only vectors: shapes have one axis
    return axisIn(axis as number, out.shape.length) === 0 ? x.flatMap((t) => t.values) : undefined;
  },
  Gather: ([x, at], { axis }) => {
    const a = axisIn(axis as number, x.shape.length);
    const index = at.values.map((k) => axisIn(k, x.shape[a]));
    return index.every((k) => k >= 0 && k < x.shape[a]) ? select(x, a, index.length, (k) => index[k]) : undefined;
  },
  Slice: ([x], attrs) => {
    const { starts, ends, axes, steps } = attrs as Record<string, readonly number[]>;
    if (axes.length !== 1) return undefined;
    const a = axisIn(axes[0], x.shape.length);
    const { start, step, length } = sliceRange(x.shape[a], starts[0], ends[0], steps[0]);
    return select(x, a, length, (k) => start + k * step);
  },
};

/** What is known from the types of the inputs alone. */
const measures: Readonly<Record<string, (x: readonly Type[], attrs: Attrs) => readonly number[]>> = {
  Shape: ([x], { start, end }) => x.shape.slice(start as number, end as number | undefined),
  Size: ([x]) => [size(x.shape)],
};

/**
 * The values of a node's first output, or undefined when they depend on data (or no shape computation looks like that).
 * @param attrs canonical and complete
 * @param inputs types of the inputs; those that are known carry values
 * @param allowance how many numbers may still be computed
 */
export function foldShapes(
  op: string,
  attrs: Attrs,
  inputs: readonly (Type | Known)[],
  out: Type,
  allowance: Allowance,
): Known | undefined {
  const measured = Object.hasOwn(measures, op) ? measures[op](inputs, attrs) : undefined;
  if (measured) return { ...out, values: measured };
  const rule = Object.hasOwn(rules, op) ? rules[op] : undefined;
  if (!rule || !isSmall(out.shape) || out.dtype.endsWith("float16")) return undefined;
  const known = inputs.filter((x): x is Known => "values" in x);
  if (known.length < inputs.length || inputs.length > LIMIT) return undefined;
  if (!allowance.take(known.reduce((n, x) => n + x.values.length, size(out.shape)))) return undefined;
  const values = rule(known, attrs, out);
  return values?.every((v) => !Number.isNaN(v)) ? { ...out, values } : undefined;
}
