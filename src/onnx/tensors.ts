/** TensorProto ⇄ Tensor. */

import { dataTypes } from "../dtype.ts";
import { EspalierError } from "../error.ts";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../graph/half.ts";
import { arrayOf, bytesPerElement } from "../graph/tensor.ts";
import type { Data, DType, Tensor } from "../graph/types.ts";
import { type External, externalBytes } from "./external.ts";
import type { WireMessage } from "./schema.ts";

const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;
const EXTERNAL = 1;
const dtypes = new Map<number, DType>(Object.entries(dataTypes).map(([k, n]) => [n, k as DType]));
/** Names of TensorProto.DataType that Espalier does not hold, for errors. */
const FOREIGN: Readonly<Record<number, string>> = {
  0: "undefined",
  8: "string",
  14: "complex64",
  15: "complex128",
  17: "float8e4m3fn",
  18: "float8e4m3fnuz",
  19: "float8e5m2",
  20: "float8e5m2fnuz",
  21: "uint4",
  22: "int4",
  23: "float4e2m1",
  24: "float8e8m0",
  25: "uint2",
  26: "int2",
  27: "float6e2m3",
  28: "float6e3m2",
};

const clamped = (x: number, least: bigint, most: bigint): bigint => {
  if (!Number.isFinite(x)) throw new EspalierError("invalid-file", "not an integer", { got: x, wanted: "an integer" });
  const b = BigInt(Math.trunc(x));
  return b > most ? most : b < least ? least : b;
};

/** A number as int64. What lies beyond (a Slice to "the end", held as 2⁶³) becomes the nearest end of the range. */
export const toInt64 = (x: number): bigint => clamped(x, -INT64_MAX - 1n, INT64_MAX);

/** True for an element type that Espalier holds. */
export const isHeld = (type: number | undefined): boolean => dtypes.has(type ?? 0);

/** The dtype behind a number of TensorProto.DataType. */
export function dtypeOf(type: number | undefined, field: string): DType {
  const dtype = dtypes.get(type ?? 0);
  if (dtype) return dtype;
  const got = FOREIGN[type ?? 0] ?? `type ${type}`;
  throw new EspalierError("unsupported", "Espalier does not hold this element type", {
    field,
    got,
    wanted: [...dtypes.values()].join(),
  });
}

/** Numbers as the elements of a dtype. */
export function dataOf(dtype: DType, values: readonly number[]): Data {
  switch (dtype) {
    case "int64":
      return BigInt64Array.from(values, toInt64);
    case "uint64":
      return BigUint64Array.from(values, (x) => clamped(x, 0n, UINT64_MAX));
    case "float16":
      return Uint16Array.from(values, toFloat16);
    case "bfloat16":
      return Uint16Array.from(values, toBfloat16);
    default:
      return (arrayOf(dtype) as { from(a: readonly number[]): Data }).from(values);
  }
}

/** "To the beginning" of a Slice that goes backwards is −2⁶³, or one more; nothing else is so far down. */
const FAR_DOWN = -(2n ** 62n);

/** Whether numbers hold the elements exactly, or they are as far down as nothing reaches. */
export const isExact = ({ dtype, data }: Tensor): boolean => {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return true;
  const again = dataOf(dtype, Array.from(data as ArrayLike<bigint>, Number));
  return data.every((x, i) => x === again[i] || x < FAR_DOWN);
};

/** The elements as numbers, 16-bit floats included; integers beyond 2⁵³ are rounded. */
export function valuesOf({ dtype, data }: Tensor): number[] {
  const all = Array.from(data as ArrayLike<number | bigint>, Number);
  return dtype === "float16" ? all.map(fromFloat16) : dtype === "bfloat16" ? all.map(fromBfloat16) : all;
}

/** The message of a tensor; its raw data is a view. */
export function tensorProto(name: string, t: Tensor): WireMessage<"TensorProto"> {
  return {
    dims: t.shape.map(BigInt),
    data_type: dataTypes[t.dtype],
    name,
    // ONNX is little-endian, and so is every machine that ONNX Runtime supports
    raw_data: new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength),
  };
}

/** Longest product of the other axes of a tensor that has no elements. */
const MOST_BESIDE_NOTHING = 2 ** 20;

function shapeOf(proto: WireMessage<"TensorProto">, path: string): { shape: number[]; count: number } {
  const shape = (proto.dims ?? []).map(Number);
  const count = shape.reduce((a, b) => a * b, 1);
  // beside an axis of 0 the others hold nothing, however long a file says that they are
  const most = shape.reduce((a, b) => a * Math.max(b, 1), 1);
  if (shape.some((d) => !(d >= 0)) || !Number.isSafeInteger(count) || (count === 0 && most > MOST_BESIDE_NOTHING))
    throw new EspalierError("invalid-file", "a tensor has impossible dimensions", {
      field: `${path}.dims`,
      got: shape.length > 64 ? `${shape.length} axes` : `[${shape}]`,
    });
  return { shape, count };
}

const mismatch = (field: string, got: string, wanted: string): never => {
  throw new EspalierError("invalid-file", "a tensor's data does not fit its dimensions", { field, got, wanted });
};

/** Which list holds a dtype when data is typed. */
const typedField = (dtype: DType) => {
  switch (dtype) {
    case "float32":
      return "float_data";
    case "float64":
      return "double_data";
    case "int64":
      return "int64_data";
    case "uint32":
    case "uint64":
      return "uint64_data";
    default:
      return "int32_data";
  }
};

const LISTS = ["float_data", "int32_data", "string_data", "int64_data", "double_data", "uint64_data"] as const;

/** The one place that holds a tensor's numbers. */
function checkOnePlace(proto: WireMessage<"TensorProto">, dtype: DType, path: string): void {
  const own = proto.raw_data || proto.data_location === EXTERNAL ? undefined : typedField(dtype);
  const other = LISTS.find((list) => list !== own && proto[list]?.length);
  if (other)
    throw new EspalierError("invalid-file", "a tensor's data stands in the wrong place", {
      field: `${path}.${other}`,
      got: `${proto[other]?.length} elements`,
      wanted: `${dtype} in ${own ?? "raw_data alone"}`,
    });
}

function typedData(proto: WireMessage<"TensorProto">, dtype: DType, count: number, path: string): Data {
  const field = typedField(dtype);
  const list: readonly (number | bigint)[] = proto[field] ?? [];
  if (list.length !== count) mismatch(`${path}.${field}`, `${list.length} elements`, `${count} elements`);
  const from = arrayOf(dtype) as unknown as { from(a: readonly (number | bigint)[]): Data };
  const data = from.from(dtype === "uint32" ? list.map(Number) : list);
  const beyond = dtype === "uint32" || field === "int32_data" ? list.findIndex((x, i) => Number(x) !== data[i]) : -1;
  if (beyond >= 0)
    throw new EspalierError("invalid-file", "a number does not fit its element type", {
      field: `${path}.${field}[${beyond}]`,
      got: String(list[beyond]),
      wanted: dtype,
    });
  return dtype === "bool" ? truths(data as Uint8Array) : data;
}

/** Any number but 0 is true, and is held as 1. */
const truths = (data: Uint8Array): Uint8Array => data.map((x) => (x ? 1 : 0));

/** Always a copy: raw data stands at any byte of the file, and the file's memory may be reused. */
function rawData(raw: Uint8Array, dtype: DType, count: number, field: string): Data {
  const bytes = count * bytesPerElement(dtype);
  if (raw.length !== bytes) mismatch(field, `${raw.length} bytes`, `${bytes} bytes`);
  const copy = Uint8Array.from(raw);
  if (dtype === "bool") return truths(copy);
  return new (arrayOf(dtype) as new (b: ArrayBuffer) => Data)(copy.buffer);
}

/**
 * The tensor of a message.
 * @param path what errors call it
 */
export function decodeTensor(proto: WireMessage<"TensorProto">, path: string, external?: External): Tensor {
  const dtype = dtypeOf(proto.data_type, `${path}.data_type`);
  const { shape, count } = shapeOf(proto, path);
  if (proto.segment)
    throw new EspalierError("unsupported", "tensors in segments are not supported", { field: `${path}.segment` });
  checkOnePlace(proto, dtype, path);
  if (proto.data_location === EXTERNAL) {
    const bytes = externalBytes(proto.external_data ?? [], external, path);
    return { dtype, shape, data: rawData(bytes, dtype, count, `${path}.external_data`) };
  }
  const data = proto.raw_data
    ? rawData(proto.raw_data, dtype, count, `${path}.raw_data`)
    : typedData(proto, dtype, count, path);
  return { dtype, shape, data };
}
