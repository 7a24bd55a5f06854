/** TensorProto ⇄ Tensor. */
import { EspalierError } from "../error.ts";
import { arrayOf } from "../graph/tensor.ts";
import type { Data, DType, Tensor } from "../graph/types.ts";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./half.ts";
import { dataTypes, type Message } from "./schema.ts";

const INT64_MAX = 2n ** 63n - 1n;

/** A number as int64. What lies beyond (a Slice to "the end", held as 2⁶³) becomes the nearest end of the range. */
export function toInt64(x: number): bigint {
  if (!Number.isFinite(x)) throw new EspalierError("not an integer", { got: x, wanted: "an int64" });
  const b = BigInt(Math.trunc(x));
  return b > INT64_MAX ? INT64_MAX : b < -INT64_MAX - 1n ? -INT64_MAX - 1n : b;
}

/** Numbers as the elements of a dtype. */
export function dataOf(dtype: DType, values: readonly number[]): Data {
  switch (dtype) {
    case "int64":
    case "uint64":
      return (arrayOf(dtype) as { from(a: readonly bigint[]): Data }).from(values.map(toInt64));
    case "float16":
      return Uint16Array.from(values, toFloat16);
    case "bfloat16":
      return Uint16Array.from(values, toBfloat16);
    default:
      return (arrayOf(dtype) as { from(a: readonly number[]): Data }).from(values);
  }
}

/** The elements as numbers, 16-bit floats included; integers beyond 2⁵³ are rounded. */
export function valuesOf({ dtype, data }: Tensor): number[] {
  const all = Array.from(data as ArrayLike<number | bigint>, Number);
  return dtype === "float16" ? all.map(fromFloat16) : dtype === "bfloat16" ? all.map(fromBfloat16) : all;
}

/** The message of a tensor; its raw data is a view. */
export function tensorProto(name: string, t: Tensor): Message<"TensorProto"> {
  return {
    dims: t.shape.map(BigInt),
    data_type: dataTypes[t.dtype],
    name,
    // ONNX is little-endian, and so is every machine that ONNX Runtime supports
    raw_data: new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength),
  };
}
