/** Making and measuring tensors. */
import { invariant } from "../error.ts";
import type { Data, DType, Shape, Tensor, Value } from "./types.ts";

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

/** The typed array that holds a dtype. */
export const arrayOf = (dtype: DType) => arrays[dtype];

export const bytesPerElement = (dtype: DType): number => arrays[dtype].BYTES_PER_ELEMENT;

/** Number of elements of a shape; 1 for a scalar. */
export const size = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** "float32[32,128]" */
export const typeText = ({ dtype, shape }: { dtype: DType; shape: Shape }): string => `${dtype}[${shape.join(",")}]`;

/** Types of a list of inputs, of which some may be absent; of long ones the first. */
export function inputsText(list: readonly ({ dtype: DType; shape: Shape } | null)[]): string {
  const first = list.slice(0, MOST_LISTED).map((x) => (x ? typeText(x) : "—"));
  return [...first, ...(list.length > first.length ? [`… (${list.length})`] : [])].join(", ");
}
const MOST_LISTED = 16;

export function tensor(dtype: DType, shape: Shape, data: Data): Tensor {
  invariant(data.length === size(shape), `${typeText({ dtype, shape })} with ${data.length} elements`);
  return { dtype, shape, data };
}

/** A text that is the same for equal tensors alone: 0 and −0 are two numbers. */
export const tensorKey = (t: Tensor): string =>
  `${typeText(t)}:${Array.from(t.data as ArrayLike<number | bigint>, (x) => (Object.is(x, -0) ? "-0" : x)).join()}`;

export const zeros = (dtype: DType, shape: Shape): Tensor =>
  tensor(dtype, shape, new (arrays[dtype] as new (n: number) => Data)(size(shape)));

export const zerosLike = (v: Value | Tensor): Tensor => zeros(v.dtype, v.shape);

export function full(shape: Shape, x: number): Tensor {
  return tensor("float32", shape, new Float32Array(size(shape)).fill(x));
}

export const f32 = (data: ArrayLike<number>, shape: Shape = [data.length]): Tensor =>
  tensor("float32", shape, Float32Array.from(data));

export const i64 = (data: readonly number[], shape: Shape = [data.length]): Tensor =>
  tensor(
    "int64",
    shape,
    BigInt64Array.from(data, (x) => BigInt(x)),
  );

/** 0 … n − 1 as int32. */
export const i32Range = (n: number): Tensor =>
  tensor(
    "int32",
    [n],
    Int32Array.from({ length: n }, (_, i) => i),
  );

/** The elements as numbers; exact for integers up to 2⁵³. */
export const numbers = ({ data }: Tensor): number[] => Array.from(data as ArrayLike<number | bigint>, Number);

export const isFloat = (dtype: DType): boolean =>
  dtype === "float32" || dtype === "float64" || dtype === "float16" || dtype === "bfloat16";
