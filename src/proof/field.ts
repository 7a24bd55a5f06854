/**
 * Fields: numbers over the elements of a value, in which an axis along which all is alike is stored once. The sizes of a
 * field are the value's, or 1. So a convolution's [N, 512, 28, 28] needs 512 numbers where only channels differ.
 */
import { size } from "../graph/tensor.ts";
import type { Shape } from "../graph/types.ts";
import { spend } from "./effort.ts";

/** A field's shape and, for each of its elements in order, the element of another field that stands there; −1 = none. */
export interface Picked {
  readonly shape: Shape;
  readonly from: Int32Array;
}

export const allOnes = (rank: number): number[] => new Array<number>(rank).fill(1);

/** A shape with axes of size 1 before and behind, so that its first axis stands at `at` of a rank. */
export const aligned = (shape: Shape, rank: number, at = rank - shape.length): number[] => [
  ...allOnes(at),
  ...shape,
  ...allOnes(rank - at - shape.length),
];

/** The smallest shape to which fields of the same rank expand. */
export const union = (...shapes: readonly Shape[]): number[] => unionOf(shapes);

/** The same, of however many shapes. */
export const unionOf = (shapes: readonly Shape[]): number[] =>
  shapes[0].map((first, i) => shapes.reduce((n, s) => Math.max(n, s[i]), first));

/** Where each element of `to` stands in a field of shape `from`: the same rank, sizes equal or 1. */
export function places(from: Shape, to: Shape): Int32Array {
  spend(2 * size(to));
  const out = new Int32Array(size(to));
  const strides = to.map(() => 0);
  for (let i = from.length - 1, s = 1; i >= 0; s *= from[i--]) strides[i] = from[i] === 1 ? 0 : s;
  const at = to.map(() => 0);
  const last = Math.max(0, to.length - 1);
  const [run, step] = [to[last] ?? 1, strides[last] ?? 0];
  for (let n = 0, place = 0; n < out.length; ) {
    for (let i = 0, from = place; i < run; i++, from += step) out[n++] = from;
    for (let i = last - 1; i >= 0; i--) {
      place += strides[i];
      if (++at[i] < to[i]) break;
      place -= strides[i] * to[i];
      at[i] = 0;
    }
  }
  return out;
}

/** One step of moving elements about. Shapes are those of whole values. */
export type Move =
  | { readonly kind: "permute"; readonly perm: readonly number[] }
  | { readonly kind: "reshape"; readonly from: Shape; readonly to: Shape }
  /** Index j of the axis becomes what stood at index.at(j) of `size` indices; −1 = something else. */
  | { readonly kind: "select"; readonly axis: number; readonly index: Index; readonly size: number };

/** Which indices are taken, as a rule for them: there may be far more than a file has bytes. */
export interface Index {
  readonly length: number;
  readonly at: (j: number) => number;
  /** Whether −1 is among them. */
  readonly other: boolean;
  /** Whether every index is among them. */
  readonly all: boolean;
}

/** What a step makes of a field. */
export function forwards(shape: Shape, step: Move): Picked {
  if (step.kind === "permute") return permuted(shape, step.perm);
  if (step.kind === "reshape") return reshaped(shape, step.from, step.to);
  const { axis, index } = step;
  if (shape[axis] === 1 && !index.other) return whole(shape);
  const [outer, inner] = [size(shape.slice(0, axis)), size(shape.slice(axis + 1))];
  const n = shape[axis];
  spend(2 * outer * index.length * inner);
  const from = new Int32Array(outer * index.length * inner);
  for (let o = 0, k = 0; o < outer; o++)
    for (let j = 0; j < index.length; j++) {
      const i = index.at(j);
      for (let e = 0; e < inner; e++) from[k++] = i < 0 ? -1 : (o * n + (n === 1 ? 0 : i)) * inner + e;
    }
  return { shape: replaced(shape, axis, index.length), from };
}

/**
 * What each element before a step must be for a field after it, as the largest number that any element made of it has;
 * 0 where nothing is made of it.
 */
export function backwards(shape: Shape, data: Uint8Array, step: Move): { shape: Shape; data: Uint8Array } {
  if (step.kind !== "select") {
    const back = step.kind === "permute" ? permuted(shape, inverse(step.perm)) : reshaped(shape, step.to, step.from);
    return { shape: back.shape, data: taken(data, back.from) };
  }
  const { axis, index, size: n } = step;
  const [outer, inner] = [size(shape.slice(0, axis)), size(shape.slice(axis + 1))];
  if (shape[axis] === 1 && index.all) return { shape, data };
  spend(outer * (n + 2 * index.length) * inner);
  const out = new Uint8Array(outer * n * inner);
  for (let j = 0; j < index.length; j++) {
    const i = index.at(j);
    if (i < 0) continue;
    const row = shape[axis] === 1 ? 0 : j;
    for (let o = 0; o < outer; o++)
      for (let e = 0; e < inner; e++) {
        const to = (o * n + i) * inner + e;
        out[to] = Math.max(out[to], data[(o * shape[axis] + row) * inner + e]);
      }
  }
  return { shape: replaced(shape, axis, n), data: out };
}

/** Elements by where they stand. */
export function taken(data: Uint8Array, from: Int32Array): Uint8Array {
  const out = new Uint8Array(from.length);
  for (let i = 0; i < out.length; i++) out[i] = data[from[i]];
  return out;
}
const replaced = (shape: Shape, axis: number, n: number): number[] => shape.map((d, i) => (i === axis ? n : d));
const whole = (shape: Shape): Picked => ({ shape, from: places(shape, shape) });

function inverse(perm: readonly number[]): number[] {
  const back = perm.map(() => 0);
  perm.forEach((p, i) => {
    back[p] = i;
  });
  return back;
}

function permuted(shape: Shape, perm: readonly number[]): Picked {
  const to = perm.map((p) => shape[p]);
  const strides = shape.map((_, i) => size(shape.slice(i + 1)));
  spend(4 * size(to));
  const from = new Int32Array(size(to));
  const at = to.map(() => 0);
  for (let n = 0; n < from.length; n++) {
    from[n] = at.reduce((sum, k, i) => sum + k * strides[perm[i]], 0);
    for (let i = to.length - 1; i >= 0 && ++at[i] === to[i]; i--) at[i] = 0;
  }
  return { shape: to, from };
}

/**
 * Axes are regrouped in the shortest runs of equal products. A run along which the field is alike stays so; any other is
 * written out before it is regrouped.
 */
function reshaped(shape: Shape, from: Shape, to: Shape): Picked {
  const expanded = [...shape];
  const out = allOnes(to.length);
  for (const [a, b] of runs(from, to)) {
    if (a.every((i) => shape[i] === 1)) continue;
    for (const i of a) expanded[i] = from[i];
    for (const i of b) out[i] = to[i];
  }
  return { shape: out, from: places(shape, expanded) };
}

/** Which axes of one shape, together, are which of another. Axes of size 1 belong to none. */
function runs(from: Shape, to: Shape): [number[], number[]][] {
  const axes = (s: Shape) => s.flatMap((d, i) => (d === 1 ? [] : [i]));
  const [a, b] = [axes(from), axes(to)];
  const found: [number[], number[]][] = [];
  if (size(from) === 0) return found;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [p, q] = [[a[i++]], [b[j++]]];
    let [m, n] = [from[p[0]], to[q[0]]];
    while (m !== n)
      if (m < n) {
        p.push(a[i]);
        m *= from[a[i++]];
      } else {
        q.push(b[j]);
        n *= to[b[j++]];
      }
    found.push([p, q]);
  }
  return found;
}
