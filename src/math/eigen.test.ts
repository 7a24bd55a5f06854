import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { expect, test } from "vitest";
import { leadingEigenvectors } from "./eigen.ts";
import { Random } from "./random.ts";

/** Q·diag(values)·Qᵀ for a random orthonormal Q. */
function symmetric(values: readonly number[], seed: number): Float64Array {
  const n = values.length;
  const r = new Random(seed, "verify");
  const rows: number[][] = [];
  for (let i = 0; i < n; i++) {
    const row = Array.from({ length: n }, () => r.normal());
    for (let pass = 0; pass < 2; pass++)
      for (const other of rows) {
        const along = row.reduce((s, x, k) => s + x * other[k], 0);
        for (let k = 0; k < n; k++) row[k] -= along * other[k];
      }
    const length = Math.hypot(...row);
    rows.push(row.map((x) => x / length));
  }
  return Float64Array.from({ length: n * n }, (_, at) =>
    rows.reduce((s, q, k) => s + q[Math.floor(at / n)] * values[k] * q[at % n], 0),
  );
}

/** Largest |xᵢᵀxⱼ − δ|, and largest |A·x − (xᵀA·x)·x|. */
function errors(a: Float64Array, vectors: readonly Float64Array[]): [skew: number, residual: number] {
  const n = Math.sqrt(a.length);
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) => Array.from(x).reduce((s, f, i) => s + f * y[i], 0);
  let [skew, residual] = [0, 0];
  for (const [i, x] of vectors.entries()) {
    for (const [j, y] of vectors.entries()) skew = Math.max(skew, Math.abs(dot(x, y) - (i === j ? 1 : 0)));
    const image = x.map((_, r) => dot(a.subarray(r * n, r * n + n), x));
    const value = dot(x, image);
    residual = Math.max(residual, ...x.map((f, r) => Math.abs(image[r] - value * f)));
  }
  return [skew, residual];
}

test.each<[string, number[], number, number]>([
  ["one", [3], 1, 1],
  ["two", [3, 1], 2, 1],
  ["none above", [3, 2, 1], 4, 0],
  ["all above", [5, 4, 3, 2], 0, 4],
  ["some", [9, 7, 5, 3, 1, 0, 0], 2, 4],
  ["a multiple one", [2, 2, 2, 2, 1, 1], 1.5, 4],
  ["the identity", [1, 1, 1, 1, 1], 0.5, 5],
  ["a close pair", [4, 4 - 1e-13, 1, 1e-8], 1e-9, 4],
  ["negative ones", [5, 1, -1, -7], 0, 2],
  ["two clusters of many", Array.from({ length: 40 }, (_, i) => (i < 20 ? 1 + i * 1e-6 : i * 1e-9)), 0.5, 20],
])("%s: as many vectors as eigenvalues above the bound, orthonormal, largest first", (_, values, above, count) => {
  const a = symmetric(values, values.length);
  const found = leadingEigenvectors(a.slice(), values.length, above);
  expect(found).toHaveLength(count);
  const [skew, residual] = errors(a, found);
  expect(skew).toBeLessThan(1e-12);
  expect(residual).toBeLessThan(1e-13 * Math.max(...values.map(Math.abs)));
});

test("matrices that are diagonal, zero, or fall apart into blocks", () => {
  const blocks = [2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 2, 1, 0, 0, 1, 2]; // 3, 1, 3, 1
  for (const [a, n, count] of [
    [[4, 0, 0, 0, 4, 0, 0, 0, 1], 3, 2],
    [new Array<number>(9).fill(0), 3, 0],
    [blocks, 4, 2],
  ] as const) {
    const found = leadingEigenvectors(Float64Array.from(a), n, 2);
    expect(found).toHaveLength(count);
    expect(Math.max(...errors(Float64Array.from(a), found))).toBeLessThan(1e-14);
  }
});

test("the eigenvalues are those that ml-matrix finds", () => {
  const n = 60;
  const r = new Random(7, "verify");
  const half = Float64Array.from({ length: n * n }, () => r.normal());
  const a = half.map((x, i) => x + half[(i % n) * n + Math.floor(i / n)]);
  const wanted = new EigenvalueDecomposition(Matrix.from1DArray(n, n, [...a])).realEigenvalues.sort((x, y) => y - x);
  const found = leadingEigenvectors(a.slice(), n, (wanted[24] + wanted[25]) / 2);
  expect(found).toHaveLength(25);
  for (const [k, x] of found.entries()) {
    const image = x.map((_, i) => x.reduce((s, f, j) => s + f * a[i * n + j], 0));
    expect(x.reduce((s, f, i) => s + f * image[i], 0)).toBeCloseTo(wanted[k], 10);
  }
});
