/**
 * Pixels between pixels of an image that is made larger, as Pillow finds them, to the bit: sharp's enlarging is another one. A weighted
 * sum along the rows, then along the columns, each rounded to 8 bits, with weights of 22 bits (Pillow, Resample.c).
 */
import type { Interpolation } from "../../data/preprocessing.ts";
import type { Extent } from "./place.ts";

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const FILTERS: Readonly<Record<Exclude<Interpolation, "nearest">, { reach: number; at(x: number): number }>> = {
  bilinear: { reach: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    reach: 2,
    at(given) {
      const [a, x] = [-0.5, Math.abs(given)];
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  },
  lanczos: { reach: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

const ONE = 2 ** 22;

/** For each of `to` places, where the pixels that it is a sum of begin, and their weights. */
function weights(from: number, to: number, interpolation: Interpolation): { start: number; each: number[] }[] {
  const scale = from / to;
  if (interpolation === "nearest") {
    let at = scale / 2;
    return Array.from({ length: to }, () => {
      const start = Math.min(from - 1, Math.floor(at));
      at += scale; // added up, as Pillow does: it rounds like that
      return { start, each: [ONE] };
    });
  }
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const { reach, at } = FILTERS[interpolation];
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    const raw = Array.from({ length: end - start }, (_, k) => at(start + k - centre + 0.5));
    const sum = raw.reduce((a, b) => a + b, 0);
    const whole = (w: number) => Math.trunc(w * ONE + (w < 0 ? -0.5 : 0.5));
    return { start, each: raw.map((w) => whole(w / sum)) };
  });
}

/**
 * Sums along one axis of `[outer, from, inner]`.
 * @param inner numbers from one pixel of the axis to the next
 */
function along(pixels: Uint8Array, from: number, to: number, inner: number, interpolation: Interpolation): Uint8Array {
  if (from === to) return pixels;
  const outer = pixels.length / (from * inner);
  const out = new Uint8ClampedArray(outer * to * inner);
  const all = weights(from, to, interpolation);
  for (let o = 0, at = 0; o < outer; o++)
    for (const { start, each } of all) {
      const first = (o * from + start) * inner;
      for (let c = 0; c < inner; c++, at++) {
        let sum = ONE / 2;
        for (let k = 0, p = first + c; k < each.length; k++, p += inner) sum += pixels[p] * each[k];
        out[at] = Math.floor(sum / ONE);
      }
    }
  return new Uint8Array(out.buffer);
}

/** @param pixels `[height, width, channels]` */
export function enlarged(pixels: Uint8Array, from: Extent, to: Extent, interpolation: Interpolation): Uint8Array {
  const channels = pixels.length / (from.width * from.height);
  const wide = along(pixels, from.width, to.width, channels, interpolation);
  return along(wide, from.height, to.height, to.width * channels, interpolation);
}
