/** How far two tensors are apart. */
import type { EngineTensor } from "../engine/engine.ts";
import { fromBfloat16, fromFloat16 } from "../graph/half.ts";
import { typeText } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";

/** Largest difference of two tensors, absolute and relative to the first. */
export function tensorDifference(a: EngineTensor, b: EngineTensor): { abs: number; rel: number; reason?: string } {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join())
    return { abs: 0, rel: 0, reason: `is ${typeText(b as Tensor)}, not ${typeText(a as Tensor)}` };
  const [x, y] = [elements(a), elements(b)];
  let abs = 0;
  let scale = 1e-6;
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [Number(x[i]), Number(y[i])];
    if (!Number.isFinite(p)) return { abs, rel: 0, reason: `is ${p} in the first model already` };
    if (!Number.isFinite(q)) return { abs, rel: 0, reason: `is ${q}` };
    abs = Math.max(abs, Math.abs(p - q));
    scale = Math.max(scale, Math.abs(p));
  }
  return { abs, rel: abs / scale };
}

/** 16-bit floats are bits where the platform has no array for them. */
function elements({ dtype, data }: EngineTensor): ArrayLike<number | bigint> {
  const plain = data as unknown as ArrayLike<number>;
  if (!(data instanceof Uint16Array) || dtype === "uint16") return plain;
  return Float32Array.from(plain, dtype === "float16" ? fromFloat16 : fromBfloat16);
}
