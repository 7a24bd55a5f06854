/** Layer densities against an independent solution: ε by bisection on the whole network's density. */
import { expect, test } from "vitest";
import { densities, keptWeights } from "./densities.ts";

const lenet5 = [
  [20, 1, 5, 5],
  [50, 20, 5, 5],
  [500, 800],
  [10, 500],
];
const product = (s: readonly number[]) => s.reduce((a, b) => a * b, 1);
const sum = (s: readonly number[]) => s.reduce((a, b) => a + b, 0);

/** Σ n·min(1, ε·Σdims/Πdims) rises with ε, so that bisection finds ε without fixing any layer. */
function byBisection(shapes: readonly number[][], sparsity: number): number[] {
  const at = (e: number) => shapes.map((s) => Math.min(1, (e * sum(s)) / product(s)));
  const wanted = (1 - sparsity) * sum(shapes.map(product));
  let [lo, hi] = [0, 1e9];
  for (let i = 0; i < 200; i++) {
    const mid = (lo + hi) / 2;
    if (sum(at(mid).map((d, k) => d * product(shapes[k]))) < wanted) lo = mid;
    else hi = mid;
  }
  return at(lo);
}

test.each([
  ["LeNet-5 at 90 %", lenet5, 0.9],
  ["LeNet-5 at 98 %", lenet5, 0.98],
  ["LeNet-5 at 20 %", lenet5, 0.2],
  [
    "one layer after another becomes dense",
    [
      [4, 4],
      [8, 8],
      [20, 20],
      [64, 64],
    ],
    0.3,
  ],
  ["nothing is removed", lenet5, 0],
])("ERK: %s", (_, shapes, sparsity) => {
  const found = densities(shapes, sparsity, "erk");
  const wanted = byBisection(shapes, sparsity);
  found.forEach((d, i) => {
    expect(d).toBeCloseTo(wanted[i], 9);
  });
  const weights = sum(shapes.map(product));
  expect(sum(found.map((d, i) => d * product(shapes[i]))) / weights).toBeCloseTo(1 - sparsity, 9);
});

test("ERK fixes dense layers one after another", () => {
  // 4×4, 8×8, 12×12 at 45 %: ε = 123.2/48 gives densities 1.28, 0.64, 0.43; with the first one dense, ε = 107.2/40
  const found = densities(
    [
      [4, 4],
      [8, 8],
      [12, 12],
    ],
    0.45,
    "erk",
  );
  [1, 0.67, 0.67 / 1.5].forEach((d, i) => {
    expect(found[i]).toBeCloseTo(d, 12);
  });
  // at 20 % the second has 0.93 at first, and 1.02 once the first is dense
  const later = densities(
    [
      [4, 4],
      [8, 8],
      [12, 12],
    ],
    0.2,
    "erk",
  );
  expect(later).toEqual([1, 1, expect.closeTo((179.2 - 80) / 144, 12)]);
});

test("ERK by hand: 4×4 and 16×16 at 75 %", () => {
  // raw 8/16 and 32/256; 0.25·272 = 68 = ε(8 + 32), so ε = 1.7: 0.85 and 0.2125
  const [a, b] = densities(
    [
      [4, 4],
      [16, 16],
    ],
    0.75,
    "erk",
  );
  expect(a).toBeCloseTo(0.85, 12);
  expect(b).toBeCloseTo(0.2125, 12);
});

test("uniform keeps the first layer dense; no layer loses all its weights", () => {
  expect(densities(lenet5, 0.75, "uniform")).toEqual([1, 0.25, 0.25, 0.25]);
  expect([keptWeights(10, 0.25), keptWeights(10, 0.01)]).toEqual([3, 1]);
});
