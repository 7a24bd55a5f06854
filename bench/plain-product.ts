/** One matrix product of a size as the runtime does it: what a convolution of as many operations is measured by. */
import type { Engine } from "../src/engine/engine.ts";
import { builder } from "../src/graph/builder.ts";
import { size } from "../src/graph/tensor.ts";
import { fastest } from "./limit.ts";

/** Rows, the length of the sums, columns; of how many pairs of matrices. */
export interface ProductSize {
  readonly pairs: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** About so long is measured for each size. */
const MS = 150;
const CALLS = { least: 3, most: 12 } as const;

/** Numbers that serve as any operand. */
let filled = new Float32Array(0);
const numbers = (count: number): Float32Array => {
  if (filled.length < count) filled = new Float32Array(count).fill(0.5);
  return filled.subarray(0, count);
};

/** Milliseconds of the fastest of several calls, the call itself included. @param gflops what is to be expected */
async function once(engine: Engine, { pairs, m, k, n }: ProductSize, gflops: number): Promise<number> {
  const g = builder("product");
  const of = pairs > 1 ? [pairs] : [];
  const [left, right] = [
    [...of, m, k],
    [...of, k, n],
  ];
  g.output(g.MatMul(g.input("a", "float32", left), g.input("b", "float32", right)), "c");
  numbers(Math.max(size(left), size(right))); // at once, before parts of it are taken
  const expected = (2 * pairs * m * k * n) / gflops / 1e6;
  const calls = Math.min(CALLS.most, Math.max(CALLS.least, Math.round(MS / expected)));
  return 1000 * (await fastest(engine, g.build(), { a: numbers(size(left)), b: numbers(size(right)) }, calls));
}

/** The same of the faster of both ways round: a tall result is not the runtime's wide one. */
export async function productMs(engine: Engine, product: ProductSize, gflops: number): Promise<number> {
  const { m, n } = product;
  const ms = await once(engine, product, gflops);
  return m === n ? ms : Math.min(ms, await once(engine, { ...product, m: n, n: m }, gflops));
}
