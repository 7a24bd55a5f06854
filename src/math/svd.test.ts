import { expect, test } from "vitest";
import { Random } from "./random.ts";
import { svd } from "./svd.ts";

const random = (n: number, seed = 1) => {
  const r = new Random(seed, "verify");
  return Float64Array.from({ length: n }, () => r.normal());
};

/** a [m, k] · diag(s) · bᵀ [k, n] */
function product(a: Float64Array, s: Float64Array, b: Float64Array, m: number, n: number): Float64Array {
  const k = s.length;
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return s.reduce((sum, x, c) => sum + a[i * k + c] * x * b[j * k + c], 0);
  });
}
const apart = (a: Float64Array, b: ArrayLike<number>) => a.reduce((d, x, i) => Math.max(d, Math.abs(x - b[i])), 0);
/** Largest |qᵀq − 1|. */
function skew(q: Float64Array, rows: number, k: number): number {
  const one = new Float64Array(rows).fill(1);
  const t = Float64Array.from(q, (_, at) => q[(at % rows) * k + Math.floor(at / rows)]); // [k, rows]
  const g = product(t, one, t, k, k);
  return apart(
    g,
    g.map((_, i) => (Math.floor(i / k) === i % k ? 1 : 0)),
  );
}

test.each([
  [1, 1],
  [1, 5],
  [5, 1],
  [7, 4],
  [4, 7],
  [30, 30],
])("%i×%i: u·s·vᵀ is the matrix, u and v are orthonormal, s descends", (m, n) => {
  const a = random(m * n, m * 100 + n);
  const { u, s, v } = svd(a, m, n);
  const k = Math.min(m, n);
  expect([u.length, s.length, v.length]).toEqual([m * k, k, n * k]);
  expect(apart(product(u, s, v, m, n), a)).toBeLessThan(1e-13 * m * n);
  expect([skew(u, m, k), skew(v, n, k)].every((x) => x < 1e-10)).toBe(true);
  expect([...s]).toEqual([...s].sort((x, y) => y - x));
});

test("singular values that are known", () => {
  const q = svd(random(6 * 6, 2), 6, 6).u;
  const p = svd(random(9 * 6, 3), 9, 6).u;
  const known = Float64Array.from([1e3, 10, 2, 2, 1e-3, 1e-5]); // a double one, eight orders of magnitude
  const { s } = svd(product(q, known, p, 6, 9), 6, 9);
  expect(apart(s, known)).toBeLessThan(1e-13 * known[0]);
  expect(svd(Float32Array.of(3, 0, 0, -4), 2, 2).s).toEqual(Float64Array.of(4, 3));
});

test("rows and columns of zeros stay zero, bit for bit", () => {
  const [m, n] = [6, 8];
  const a = random(m * n, 4).map((x, i) => (Math.floor(i / n) === 2 || i % n === 5 || i % n === 0 ? 0 : x));
  const { u, s, v } = svd(a, m, n);
  expect(s[5]).toBe(0);
  expect(s[4]).toBeGreaterThan(0.1);
  expect(Array.from({ length: 6 }, (_, c) => u[2 * 6 + c])).toEqual(new Array(6).fill(0));
  for (const column of [0, 5]) expect([...v.subarray(column * 6, column * 6 + 6)]).toEqual(new Array(6).fill(0));
  expect(apart(product(u, s, v, m, n), a)).toBeLessThan(1e-12);
  expect(svd(new Float32Array(6), 2, 3)).toEqual({
    u: new Float64Array(4),
    s: new Float64Array(2),
    v: new Float64Array(6),
  });
});

test("a rank-deficient matrix, and one whose squares would vanish", () => {
  const [x, y] = [random(5, 5), random(7, 6)];
  const a = Float32Array.from({ length: 35 }, (_, i) => x[Math.floor(i / 7)] * y[i % 7]);
  const { s } = svd(a, 5, 7);
  expect(s[1]).toBeLessThan(1e-6 * s[0]);
  expect(Math.abs(svd(Float64Array.of(3e-200, 4e-200), 1, 2).s[0] / 5e-200 - 1)).toBeLessThan(1e-14);
});

test("NaN is refused", () => {
  expect(() => svd(Float32Array.of(1, 2, 3, Number.NaN), 2, 2)).toThrow(/\[1, 1\] of \[2, 2\]\n +got +NaN/);
});
