/** 16-bit floats as numbers and back. The IR holds their bits; only scalars and constants are ever converted. */
import type { DType } from "./types.ts";

const f32 = new Float32Array(1);
const bits = new Uint32Array(f32.buffer);

/** The bits of x as bfloat16, rounded to nearest even. */
export function toBfloat16(x: number): number {
  f32[0] = x;
  if (Number.isNaN(x)) return 0x7fc0;
  return (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) >>> 16;
}

export function fromBfloat16(b: number): number {
  bits[0] = b << 16;
  return f32[0];
}

/** The bits of x as IEEE half precision, rounded to nearest even. */
export function toFloat16(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const a = Math.abs(x);
  if (Number.isNaN(x)) return 0x7e00;
  if (a >= 65520) return sign | 0x7c00;
  if (a < 2 ** -14) return sign | roundEven(a * 2 ** 24);
  const e = Math.floor(Math.log2(a));
  // rounding up to the next power of two carries into the exponent by itself
  return sign | (((e + 15) << 10) + roundEven((a / 2 ** e - 1) * 1024));
}

export function fromFloat16(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const e = (h >> 10) & 31;
  const m = h & 1023;
  if (e === 31) return m ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (e === 0 ? m * 2 ** -24 : (1 + m / 1024) * 2 ** (e - 15));
}

function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

/** What an array of a dtype holds of a number: its bits, where numbers have no array of that type. */
export const heldAs: Readonly<Partial<Record<DType, (x: number) => number>>> = {
  float16: toFloat16,
  bfloat16: toBfloat16,
};
