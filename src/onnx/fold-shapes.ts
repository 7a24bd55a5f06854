/**
 * Evaluates small integer computations on the host: what exporters emit around Reshape, Slice and Expand to compute a
 * shape from a shape. Values are plain numbers, exact up to 2⁵³; beside each stands what it is made of (`Size`).
 */

import type { Allowance } from "../graph/allowance.ts";
import type { Type } from "../graph/op.ts";
import { sliceRange } from "../graph/ops/movement.ts";
import { scalarOps } from "../graph/scalars.ts";
import { applied, computed, isPlain } from "../graph/sizes.ts";
import { size } from "../graph/tensor.ts";
import type { Attrs, DType, Shape, Size, Tensor } from "../graph/types.ts";
import { isExact, valuesOf } from "./tensors.ts";

/** A value known while reading. */
export interface Known extends Type {
  readonly values: readonly number[];
  /** What each of the values is made of; undefined where that is too much to tell. */
  readonly sizes: readonly (Size | undefined)[];
}

/** A number and what it is made of. */
interface Cell {
  readonly value: number;
  readonly size: Size | undefined;
}

/** What rules read: a value known element by element. */
interface Cells extends Type {
  readonly cells: readonly Cell[];
}

/** Larger tensors are data, not shapes. */
const LIMIT = 1024;

export const isSmall = (shape: Shape): boolean => size(shape) <= LIMIT;

export function knownTensor(t: Tensor): Known {
  const values = valuesOf(t);
  return { dtype: t.dtype, shape: t.shape, values, sizes: values };
}

type Rule = (x: readonly Cells[], attrs: Attrs, out: Type, node: Folded) => readonly Cell[] | undefined;

const plain = (value: number): Cell => ({ value, size: value });

/** The elements, where numbers hold them. */
const exactly = (t: Tensor): readonly Cell[] | undefined => (isExact(t) ? valuesOf(t).map(plain) : undefined);

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

/** An operator on single numbers. */
function apply(op: string, x: readonly Cell[], from: readonly DType[], dtype: DType, attrs?: Attrs): Cell {
  const values = x.map((c) => c.value);
  const value = applied(op, values, attrs ?? {}, dtype, from.at(-1) === dtype);
  const sizes = x.map((c) => c.size);
  if (sizes.every((s) => s !== undefined && isPlain(s))) return plain(value);
  const told = sizes.filter((s) => s !== undefined);
  return { value, size: told.length < sizes.length ? undefined : computed(op, told, from, dtype, attrs) };
}

const each =
  (op: string): Rule =>
  (x, attrs, { dtype, shape }) => {
    const from = x.map((t) => t.dtype);
    const said = op === "Mod" ? attrs : undefined;
    return Array.from({ length: size(shape) }, (_, i) => {
      const operands = x.map((t) => t.cells[source(t.shape, shape, i)]);
      return apply(op, operands, from, dtype, said);
    });
  };

const same: Rule = ([x]) => x.cells;
const spread: Rule = ([x], _, { shape }) =>
  Array.from({ length: size(shape) }, (_, i) => x.cells[source(x.shape, shape, i)]);

/** Reductions over everything; over single axes shapes are never computed. */
const reduce =
  (op: string): Rule =>
  ([x], _, { dtype, shape }) =>
    size(shape) === 1 && x.cells.length > 0
      ? [x.cells.reduce((a, b) => apply(op, [a, b], [x.dtype, x.dtype], dtype))]
      : undefined;

/** Selects along one axis: element `pick(k)` of the input becomes element k of the output. */
function select(x: Cells, axis: number, count: number, pick: (k: number) => number): Cell[] {
  const inner = size(x.shape.slice(axis + 1));
  const outer = size(x.shape.slice(0, axis));
  const cells: Cell[] = [];
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < count; k++)
      for (let i = 0; i < inner; i++) cells.push(x.cells[(o * x.shape[axis] + pick(k)) * inner + i]);
  return cells;
}

const axisIn = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(Object.keys(scalarOps).map((op) => [op, each(op)])),
  Constant: (_, { value }) => exactly(value as Tensor),
  ConstantOfShape: (_, { value }, out) => {
    const [filling] = exactly(value as Tensor) ?? [];
    return filling === undefined ? undefined : new Array<Cell>(size(out.shape)).fill(filling);
  },
  Identity: same,
  Reshape: same,
  Flatten: same,
  Squeeze: same,
  Unsqueeze: same,
  Expand: spread,
  ReduceProd: reduce("Mul"),
  ReduceSum: reduce("Add"),
  ReduceMax: reduce("Max"),
  ReduceMin: reduce("Min"),
  /** How many there are may follow sizes, and where they start; the step must not. */
  Range: (_, { start, delta }, { dtype, shape }, { follows }) => {
    if (!dtype.includes("int") || follows?.delta) return undefined;
    const first = { value: start as number, size: follows?.start?.[0] ?? (start as number) };
    const steps = Array.from({ length: size(shape) }, (_, i) => plain(i * (delta as number)));
    return steps.map((step) => apply("Add", [first, step], [dtype, dtype], dtype));
  },
  Concat: (x, { axis }, out) => {
    // only vectors: shapes have one axis
    return axisIn(axis as number, out.shape.length) === 0 ? x.flatMap((t) => t.cells) : undefined;
  },
  Gather: ([x, at], { axis }) => {
    if (at.cells.some((c) => typeof c.size !== "number")) return undefined; // which element it is depends on sizes
    const a = axisIn(axis as number, x.shape.length);
    const index = at.cells.map((c) => axisIn(c.value, x.shape[a]));
    return index.every((k) => k >= 0 && k < x.shape[a]) ? select(x, a, index.length, (k) => index[k]) : undefined;
  },
  Transpose: ([x], { perm }, { shape }) => {
    const strides = x.shape.map((_, i) => size(x.shape.slice(i + 1)));
    return Array.from({ length: size(shape) }, (_, i) => {
      let rest = i;
      let at = 0;
      for (let k = shape.length - 1; k >= 0; k--) {
        at += (rest % shape[k]) * strides[(perm as readonly number[])[k]];
        rest = Math.floor(rest / shape[k]);
      }
      return x.cells[at];
    });
  },
  Slice: ([x], attrs) => {
    const { starts, ends, axes, steps } = attrs as Record<string, readonly number[]>;
    if (axes.length !== 1) return undefined;
    const a = axisIn(axes[0], x.shape.length);
    const { start, step, length } = sliceRange(x.shape[a], starts[0], ends[0], steps[0]);
    return select(x, a, length, (k) => start + k * step);
  },
};

/** What is known from the types of the inputs alone: lengths of the axes of the first, whose name is given. */
const measures: Readonly<Record<string, (x: readonly Type[], attrs: Attrs, name: string) => readonly Cell[]>> = {
  Shape: ([x], { start, end }, of) =>
    x.shape.map((value, axis) => ({ value, size: { of, axis } })).slice(start as number, end as number | undefined),
  Size: ([x], _, of) => {
    const lengths = x.shape.map((value, axis): Cell => ({ value, size: { of, axis } }));
    return [lengths.reduce((a, b) => apply("Mul", [a, b], ["int64", "int64"], "int64"), plain(1))];
  },
};

/** Whether an operator's result is of its input's shape alone. */
export const isMeasure = (op: string): boolean => Object.hasOwn(measures, op);

const known = (out: Type, cells: readonly Cell[]): Known => ({
  ...out,
  values: cells.map((c) => c.value),
  sizes: cells.map((c) => c.size),
});

/** What a node of a file is for shape computations. */
interface Folded {
  readonly op: string;
  /** Canonical and complete. */
  readonly attrs: Attrs;
  /** What attributes that follow sizes are made of, by attribute. */
  readonly follows?: Readonly<Record<string, readonly Size[] | undefined>>;
  /** Names of the inputs. */
  readonly names: readonly string[];
  /** Types of the inputs; those that are known carry values. */
  readonly inputs: readonly (Type | Known)[];
}

/**
 * The values of a node's first output, or undefined when they depend on data (or no shape computation looks like that).
 * @param allowance how many numbers may still be computed
 */
export function foldShapes(node: Folded, out: Type, allowance: Allowance): Known | undefined {
  const { op, attrs, names, inputs } = node;
  if (isMeasure(op)) return known(out, measures[op](inputs, attrs, names[0]));
  const rule = Object.hasOwn(rules, op) ? rules[op] : undefined;
  if (!rule || !isSmall(out.shape)) return undefined;
  const given = inputs.filter((x): x is Known => "values" in x);
  if (given.length < inputs.length || inputs.length > LIMIT) return undefined;
  if (!allowance.take(given.reduce((n, x) => n + x.values.length, size(out.shape)))) return undefined;
  const cells = rule(
    given.map((x) => ({ ...x, cells: x.values.map((value, i) => ({ value, size: x.sizes[i] })) })),
    attrs,
    out,
    node,
  );
  return cells?.every((c) => !Number.isNaN(c.value)) ? known(out, cells) : undefined;
}
