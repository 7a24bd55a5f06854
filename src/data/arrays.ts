/** Numbers as people hold them (nested arrays, typed arrays) into flat typed arrays; every bad element is named. */
import { EspalierError } from "../error.ts";

type NumericArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** A typed array, or arrays in arrays down to numbers or typed arrays. */
export type NumericInput = NumericArray | readonly number[] | readonly NumericInput[];

const isTyped = (x: unknown): x is NumericArray =>
  ArrayBuffer.isView(x) && !(x instanceof DataView) && typeof (x as NumericArray)[0] !== "bigint";

const isList = (x: unknown): x is ArrayLike<unknown> => Array.isArray(x) || isTyped(x);

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** @param least axes that it has */
function checkShape(shape: unknown, what: string, least: 0 | 1): void {
  const isShape = Array.isArray(shape) && shape.length >= least && shape.every((d) => Number.isInteger(d) && d > 0);
  if (shape !== undefined && !isShape)
    throw new EspalierError("out-of-range", "the shape of a sample is not valid", {
      column: what,
      got: Array.isArray(shape) ? `[${shape}]` : typeof shape,
      wanted: least === 1 ? "one or more integers ≥ 1" : "integers ≥ 1",
    });
}

/** Whether `[count, …shape]` are as many numbers as arrays of these sizes have. */
function checkFits(dims: readonly number[], count: number, shape: readonly number[], what: string): void {
  if (Number.isInteger(count) && product(dims) === count * product(shape)) return;
  throw new EspalierError("mismatch", `${what} does not fit the shape of a sample`, {
    got: `[${dims}]`,
    wanted: `samples of [${shape}] = ${product(shape)} numbers each`,
  });
}

/** Samples `[N, …shape]`: a Uint8Array stays what it is, everything else becomes float32. */
export function readSamples(
  x: NumericInput,
  what: string,
  shape?: readonly number[],
): { data: Uint8Array | Float32Array; count: number; shape: readonly number[] } {
  checkShape(shape, what, 1);
  const dims = measure(x, what);
  if (dims.length === 1 && !shape)
    throw new EspalierError("missing", `${what} is flat, so the shape of one sample must be given`, {
      got: `${dims[0]} numbers`,
      wanted: "the option shape, for example [1, 28, 28]",
    });
  const own = shape ?? dims.slice(1);
  const width = product(own);
  const count = dims.length === 1 ? dims[0] / width : dims[0];
  if (count === 0 || width === 0)
    throw new EspalierError("missing", `${what} is empty`, { got: `[${dims}]`, wanted: "samples" });
  checkFits(dims, count, own, what);
  return { data: x instanceof Uint8Array ? x : toFloat32(flatten(x, dims), what, width), count, shape: own };
}

/** A column `[N, …shape]`: bytes stay bytes, whole numbers become int32, everything else float32. */
export function readColumn(
  x: NumericInput | BigInt64Array | BigUint64Array,
  what: string,
  shape?: readonly number[],
): { data: Uint8Array | Int32Array | Float32Array; count: number; shape: readonly number[] } {
  checkShape(shape, what, 0);
  const plain = x instanceof BigInt64Array || x instanceof BigUint64Array ? Float64Array.from(x, Number) : x;
  const dims = measure(plain, what);
  const own = shape ?? dims.slice(1);
  const width = product(own);
  const count = dims.length === 1 && shape ? dims[0] / width : dims[0];
  checkFits(dims, count, own, what);
  if (plain instanceof Uint8Array) return { data: plain, count, shape: own };
  const flat = flatten(plain, dims);
  const fractions = plain instanceof Float32Array || (plain instanceof Float64Array && plain === x);
  if (fractions || !allIntegers(flat)) return { data: toFloat32(flat, what, width), count, shape: own };
  const far = indexWhere(flat, (v) => v < -0x80000000 || v > 0x7fffffff);
  if (far >= 0)
    throw new EspalierError("out-of-range", "a whole number is out of range", {
      at: `${what}, sample ${Math.floor(far / width)}`,
      got: flat[far],
      wanted: "an int32",
    });
  return { data: Int32Array.from(flat), count, shape: own };
}

/** Targets `[N]` or, in rows, `[N, k]`: whole numbers become int32 class indices unless `float` says otherwise. */
export function readLabels(
  y: NumericInput,
  what: string,
  float: boolean,
): { data: Int32Array | Float32Array; count: number; rows: boolean } {
  const dims = measure(y, what);
  const flat = flatten(y, dims);
  const rows = dims.length > 1;
  const isFloatArray = y instanceof Float32Array || y instanceof Float64Array;
  if (float || isFloatArray || rows || !allIntegers(flat))
    return { data: toFloat32(flat, what, flat.length / dims[0]), count: dims[0], rows };
  const negative = indexWhere(flat, (v) => v < 0 || v > 0x7fffffff);
  if (negative >= 0)
    throw new EspalierError("out-of-range", "a label is out of range", {
      at: `${what}[${negative}]`,
      got: flat[negative],
      wanted: "an integer ≥ 0",
    });
  return { data: Int32Array.from(flat), count: dims[0], rows };
}

/** The shape of nested arrays, which must be the same all the way down. */
function measure(x: unknown, at: string): number[] {
  if (!isList(x))
    throw new EspalierError("mismatch", "not an array of numbers", {
      at,
      got: describe(x),
      wanted: "a number or an array",
    });
  if (x.length === 0) throw new EspalierError("missing", `${at} is empty`);
  if (isTyped(x)) return [x.length];
  if (typeof x[0] === "number") {
    for (let i = 1; i < x.length; i++)
      if (isList(x[i]))
        throw new EspalierError("mismatch", "rows differ in shape", {
          at: `${at}[${i}]`,
          got: "a list",
          wanted: "a number",
        });
    return [x.length];
  }
  const inner = measure(x[0], `${at}[0]`);
  for (let i = 1; i < x.length; i++) {
    const dims = measure(x[i], `${at}[${i}]`);
    if (dims.join() !== inner.join())
      throw new EspalierError("mismatch", "rows differ in shape", {
        at: `${at}[${i}]`,
        got: `[${dims}]`,
        wanted: `[${inner}]`,
      });
  }
  return [x.length, ...inner];
}

function flatten(x: NumericInput, dims: readonly number[]): ArrayLike<number> {
  if (dims.length === 1) return x as ArrayLike<number>;
  const out = new Float64Array(product(dims));
  let at = 0;
  const walk = (part: ArrayLike<unknown>): void => {
    for (let i = 0; i < part.length; i++) {
      const item = part[i];
      if (isList(item)) walk(item);
      else out[at++] = typeof item === "number" ? item : Number.NaN;
    }
  };
  walk(x);
  return out;
}

function toFloat32(flat: ArrayLike<number>, what: string, width: number): Float32Array {
  const out = new Float32Array(flat.length);
  for (let i = 0; i < flat.length; i++) {
    out[i] = flat[i];
    if (!Number.isFinite(out[i]) || typeof flat[i] !== "number")
      throw new EspalierError("not-finite", "data holds something that is not a finite float32", {
        at: `${what}, sample ${Math.floor(i / width)}, element ${i % width}`,
        got: describe(flat[i]),
        wanted: "a finite number",
      });
  }
  return out;
}

const allIntegers = (flat: ArrayLike<number>): boolean => indexWhere(flat, (v) => !Number.isInteger(v)) < 0;

function indexWhere(flat: ArrayLike<number>, test: (v: number) => boolean): number {
  for (let i = 0; i < flat.length; i++) if (test(flat[i])) return i;
  return -1;
}

const describe = (x: unknown): string => (typeof x === "number" ? String(x) : x === null ? "null" : typeof x);
