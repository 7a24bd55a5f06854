/**
 * What is known of a value's elements, for every input of the network: the number that an element always holds, and how
 * far float arithmetic may carry it from that number. Activations are taken to be finite, so 0 · x = 0.
 */
import { isFloat, size } from "../graph/tensor.ts";
import type { DType, Shape, Tensor, Value } from "../graph/types.ts";
import { spend } from "./effort.ts";
import { allOnes, forwards, type Move, type Picked, places } from "./field.ts";

/** A field of known numbers. */
export interface Fact {
  readonly shape: Shape;
  /** NaN where nothing is known. */
  readonly value: Float64Array | Float32Array;
  /** Largest distance of what a run computes from `value`; undefined = 0 everywhere, so the number is exact. */
  readonly error: Float64Array | undefined;
  /** Made of stored tensors alone. */
  readonly stored: boolean;
  /** Is a stored tensor itself, perhaps with its axes in another order. */
  readonly original?: boolean;
}

/** Which of two factors is the weight: the stored one; of two, the one that is not made of others. */
export function weightOf([a, b]: readonly Fact[]): 0 | 1 | undefined {
  if (a.stored !== b.stored) return a.stored ? 0 : 1;
  if (!a.stored || Boolean(a.original) === Boolean(b.original)) return undefined;
  return a.original ? 0 : 1;
}

/** Nothing is known. */
export const nothing = (rank: number): Fact => known(allOnes(rank), Float64Array.of(Number.NaN));

export const known = (
  shape: Shape,
  value: Float64Array | Float32Array,
  error?: Float64Array,
  stored = false,
): Fact => ({ shape, value, error: error?.some((e) => e !== 0) ? error : undefined, stored });

export const isCertain = (k: Fact, i: number): boolean => !Number.isNaN(k.value[i]);
export const isZero = (k: Fact, i: number): boolean => k.value[i] === 0 && !k.error?.[i];

/**
 * The largest rounding error, relative to the number or 1, at which it still counts as a constant. The bounds are those of
 * the worst order of summation; a mean over 112 × 112 equal numbers may be off by 7e-4 by them.
 */
const ROUNDING = 2 ** -10;
export const isConstant = (k: Fact, i: number): boolean =>
  isCertain(k, i) && (k.error?.[i] ?? 0) <= ROUNDING * Math.max(1, Math.abs(k.value[i]));

/** A stored tensor. Of 16-bit floats nothing is known: shrinking does not look into them either. */
export function factOfTensor(t: Tensor): Fact {
  const { data, shape } = t;
  if (data instanceof Float32Array || data instanceof Float64Array) return known(shape, data, undefined, true);
  if (isFloat(t.dtype)) return { ...nothing(shape.length), stored: true };
  return known(shape, Float64Array.from(data as ArrayLike<number | bigint>, Number), undefined, true);
}

/** Elements moved to where a step or a broadcast puts them; unknown where none is put. */
export function picked(k: Fact, { shape, from }: Picked): Fact {
  spend(2 * from.length);
  const value = k.value instanceof Float32Array ? new Float32Array(from.length) : new Float64Array(from.length);
  for (let i = 0; i < value.length; i++) value[i] = from[i] < 0 ? Number.NaN : k.value[from[i]];
  return known(shape, value, k.error && Float64Array.from(from, (i) => (i < 0 ? 0 : k.error![i])), k.stored);
}

export const moved = (k: Fact, steps: readonly Move[]): Fact =>
  steps.reduce((now, step) => picked(now, forwards(now.shape, step)), k);

export const expanded = (k: Fact, to: Shape): Fact =>
  size(to) === k.value.length ? k : picked(k, { shape: to, from: places(k.shape, to) });

/** The number that a field holds everywhere along some axes, where there is one; those axes have size 1 then. */
export function met(k: Fact, axes: readonly number[]): Fact {
  const shape = k.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  if (size(shape) === k.value.length) return { ...k, shape };
  if (axes.length === 1 && !k.error) return known(shape, metAlong(k, axes[0]), undefined, k.stored);
  const value = new Float64Array(size(shape));
  const error = new Float64Array(value.length);
  const seen = new Uint8Array(value.length);
  places(shape, k.shape).forEach((to, i) => {
    value[to] = seen[to] && value[to] !== k.value[i] ? Number.NaN : k.value[i];
    error[to] = Math.max(error[to], k.error?.[i] ?? 0);
    seen[to] = 1;
  });
  return known(shape, value, error, k.stored);
}

/** The same of exact numbers along one axis: of a table with many rows, what differs is seen in the first ones. */
function metAlong({ shape, value }: Fact, axis: number): Float64Array {
  const inner = size(shape.slice(axis + 1));
  const block = shape[axis] * inner;
  const out = new Float64Array(value.length / shape[axis]);
  for (let start = 0, to = 0; start < value.length; start += block, to += inner) {
    let open = Array.from({ length: inner }, (_, i) => i);
    for (const i of open) out[to + i] = value[start + i];
    for (let row = start + inner; row < start + block && open.length > 0; row += inner) {
      const before = open;
      if (before.some((i) => out[to + i] !== value[row + i])) {
        open = before.filter((i) => out[to + i] === value[row + i]);
        for (const i of before) if (out[to + i] !== value[row + i]) out[to + i] = Number.NaN;
      }
    }
  }
  return out;
}

/** What two fields of the same value both hold, for two samples and for three. */
export function agreed(a: Fact, b: Fact): Fact {
  const apart = a.shape.findIndex((d, i) => d !== b.shape[i]);
  if (apart >= 0) return perSample(a, b, apart) ?? { ...nothing(a.shape.length), stored: a.stored };
  if (a.value.every((x, i) => Object.is(x, b.value[i]))) return a;
  return { ...a, value: a.value.map((x, i) => (x === b.value[i] ? x : Number.NaN)) };
}

/**
 * The same where samples stand one behind the other along an axis, heads of each of them for example: what is alike in every sample of
 * both fields. Undefined where the axes differ otherwise.
 */
function perSample(a: Fact, b: Fact, axis: number): Fact | undefined {
  const each = b.shape[axis] - a.shape[axis];
  if (a.shape.some((d, i) => (i === axis ? d !== 2 * each : d !== b.shape[i]))) return undefined;
  const inner = size(a.shape.slice(axis + 1));
  spend(a.value.length + b.value.length);
  const block = each * inner;
  const value = Float64Array.from(a.value);
  const rows = size(a.shape.slice(0, axis));
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < block; i++) {
      const x = a.value[2 * row * block + i];
      const alike =
        x === a.value[(2 * row + 1) * block + i] && [0, 1, 2].every((n) => x === b.value[(3 * row + n) * block + i]);
      if (!alike) value[2 * row * block + i] = value[(2 * row + 1) * block + i] = Number.NaN;
    }
  return { ...a, value };
}

/** The same field, with every axis along which it is alike stored once. */
export function collapsed(k: Fact): Fact {
  return k.shape.reduce((now, d, axis) => (d > 1 && alike(now, axis) ? first(now, axis) : now), k);
}

function alike({ shape, value, error }: Fact, axis: number): boolean {
  const [n, inner] = [shape[axis], size(shape.slice(axis + 1))];
  spend(value.length);
  for (let i = 0; i < value.length; i++) {
    if (Math.floor(i / inner) % n === 0) continue;
    const before = i - inner;
    if (!Object.is(value[i], value[before]) || error?.[i] !== error?.[before]) return false;
  }
  return true;
}

function first(k: Fact, axis: number): Fact {
  const index = { length: 1, at: () => 0, other: false, all: k.shape[axis] === 1 };
  return picked(k, forwards(k.shape, { kind: "select", axis, index, size: k.shape[axis] }));
}

/** Unit roundoff: half the distance of 1 from the next number. */
const units: Partial<Record<DType, number>> = { float32: 2 ** -24, float64: 2 ** -53 };
/** undefined for element types whose arithmetic is not followed. */
export const unitOf = (v: Value): number | undefined => units[v.dtype];
