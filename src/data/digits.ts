/**
 * The data set that needs no download: digits drawn like handwriting, 28 × 28, from a seed. Strokes (strokes.ts) are
 * bent, slanted, scaled and drawn with a pen of random width, then speckled. Only + − × ÷ and √ are used (no sin, no
 * log), which IEEE 754 rounds alike everywhere, so a seed gives the same bytes on every platform.
 */

import { UsageError } from "../error.ts";
import { anObject, wants } from "../given.ts";
import { Random } from "../math/random.ts";
import type { Dataset } from "./dataset.ts";
import { facts } from "./registry.ts";
import type { Split } from "./split.ts";
import { GLYPHS } from "./strokes.ts";

/** Options of `digits`. */
export interface DigitsOptions {
  /** Number of training samples. Default 6000. */
  readonly train?: number;
  /** Number of test samples. Default 1000. */
  readonly test?: number;
  /** Default 1. */
  readonly seed?: number;
  /**
   * How far the digits stray from a model hand, 0 … 3. Default 1: a linear model reaches about 88 %, LeNet-5 about
   * 99 %.
   */
  readonly difficulty?: number;
}

const SIZE = 28;
const PIXELS = SIZE * SIZE;
const CLASSES = 10;
/** Straight pieces that the curve between two points is drawn with. */
const PIECES = 5;

/** Sample i depends on (seed, split, i, difficulty) alone, so a larger set begins with the smaller one. */
export function digits(options: DigitsOptions = {}): Dataset {
  wants("digits", ["options", anObject, options]);
  const { train = 6000, test = 1000, seed = 1, difficulty = 1 } = options;
  for (const [field, n] of Object.entries({ train, test }))
    if (!Number.isInteger(n) || n < 1 || n > 1_000_000)
      throw new UsageError("out-of-range", "the number of digits is out of range", {
        field,
        got: n,
        wanted: "an integer 1 … 1000000",
      });
  if (!Number.isSafeInteger(seed)) throw new UsageError("out-of-range", "the seed must be an integer", { got: seed });
  if (!(difficulty >= 0 && difficulty <= 3))
    throw new UsageError("out-of-range", "the difficulty is out of range", {
      got: difficulty,
      wanted: "a number 0 … 3",
    });
  return {
    ...facts("digits"),
    train: draw(train, seed, 0, difficulty),
    test: draw(test, seed, 1, difficulty),
  };
}

function draw(count: number, seed: number, part: 0 | 1, difficulty: number): Split {
  const x = new Uint8Array(count * PIXELS);
  const clamped = new Uint8ClampedArray(x.buffer); // rounds and clamps what is stored
  const y = new Int32Array(count);
  const ink = new Float64Array(PIXELS);
  for (let i = 0; i < count; i++) {
    // Every ten samples hold each class once; 2 + part names the streams of the labels' order.
    if (i % CLASSES === 0) {
      const order = new Random(seed, "digits", 2 + part, i / CLASSES).permutation(CLASSES);
      y.set(order.subarray(0, count - i), i);
    }
    const random = new Random(seed, "digits", part, i);
    ink.fill(0);
    write(ink, y[i], random, difficulty);
    const strength = 255 * (1 - 0.2 * difficulty * random.uniform());
    const noise = 20 * difficulty * random.uniform();
    for (let p = 0; p < PIXELS; p++) clamped[i * PIXELS + p] = strength * ink[p] + noise * bell(random);
  }
  return { x, y, count };
}

/** About standard normal, from the four bytes of one draw (mean 510, deviation 147.8). */
function bell(random: Random): number {
  const u = random.uint32();
  return ((u & 255) + ((u >>> 8) & 255) + ((u >>> 16) & 255) + (u >>> 24) - 510) / 147.8;
}

function write(ink: Float64Array, digit: number, random: Random, difficulty: number): void {
  const styles = GLYPHS[digit];
  const glyph = styles[random.int(styles.length)];
  const place = hand(random, difficulty);
  const pen = 1.1 + (0.5 + 0.7 * difficulty) * random.uniform(); // half the width of a line, in pixels
  for (const stroke of glyph) {
    const points = stroke.map((v) => v / 50 - 1 + 0.055 * difficulty * bell(random)); // in −1 … 1, each point shaken
    drawCurve(ink, place(points), pen);
  }
}

/** The way one digit is placed: slant, turn, size and shift, and a smooth bend of the paper. */
function hand(random: Random, difficulty: number): (points: readonly number[]) => number[] {
  const d = difficulty;
  const t = 0.07 * d * bell(random); //             tan of half the turn
  const cos = (1 - t * t) / (1 + t * t);
  const sin = (2 * t) / (1 + t * t);
  const slant = 0.18 * d * bell(random);
  const height = 9.6 * (1 + 0.09 * d * bell(random));
  const width = 7.4 * (1 + 0.14 * d * bell(random));
  const dx = SIZE / 2 + 1.2 * d * bell(random);
  const dy = SIZE / 2 + 1.2 * d * bell(random);
  const bend = Array.from({ length: 6 }, () => 0.09 * d * bell(random));
  return (points) => {
    const out = [];
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [points[i], points[i + 1]];
      const u = width * (x - slant * y + bend[0] * x * x + bend[1] * x * y + bend[2] * y * y);
      const v = height * (y + bend[3] * x * x + bend[4] * x * y + bend[5] * y * y);
      out.push(cos * u - sin * v + dx, sin * u + cos * v + dy);
    }
    return out;
  };
}

/** A Catmull–Rom curve through the points. */
function drawCurve(ink: Float64Array, points: readonly number[], pen: number): void {
  const last = points.length / 2 - 1;
  const at = (i: number, axis: 0 | 1): number => points[2 * Math.min(last, Math.max(0, i)) + axis];
  const curve = (i: number, t: number, axis: 0 | 1): number => {
    const [a, b, c, d] = [at(i - 1, axis), at(i, axis), at(i + 1, axis), at(i + 2, axis)];
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  };
  let [x, y] = [at(0, 0), at(0, 1)];
  for (let i = 0; i < last; i++)
    for (let k = 1; k <= PIECES; k++) {
      const [u, v] = [curve(i, k / PIECES, 0), curve(i, k / PIECES, 1)];
      drawLine(ink, x, y, u, v, pen);
      [x, y] = [u, v];
    }
}

/** Darkens the pixels near the line; the edge of the pen is one pixel soft. */
function drawLine(ink: Float64Array, x0: number, y0: number, x1: number, y1: number, pen: number): void {
  const reach = pen + 0.5;
  const from = (a: number, b: number): number => Math.max(0, Math.floor(Math.min(a, b) - reach));
  const to = (a: number, b: number): number => Math.min(SIZE - 1, Math.ceil(Math.max(a, b) + reach));
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length2 = dx * dx + dy * dy || 1;
  for (let row = from(y0, y1); row <= to(y0, y1); row++)
    for (let column = from(x0, x1); column <= to(x0, x1); column++) {
      const [px, py] = [column + 0.5 - x0, row + 0.5 - y0];
      const t = Math.min(1, Math.max(0, (px * dx + py * dy) / length2)); // the nearest point of the line
      const [ex, ey] = [px - t * dx, py - t * dy];
      const shade = Math.min(1, reach - Math.sqrt(ex * ex + ey * ey));
      if (shade > ink[row * SIZE + column]) ink[row * SIZE + column] = shade;
    }
}
