/** A linear regression with random numbers, and its gradients in float64. For tests that follow a whole run. */
import { type Dataset, fromArrays } from "../../src/data/dataset.ts";
import { Random } from "../../src/math/random.ts";

/** Mean squared error of x·Wᵀ + b, W [outputs, inputs] flat. */
export function leastSquares(options: { samples: number; inputs: number; outputs: number }): {
  data: Dataset;
  gradients(w: readonly number[], b: readonly number[]): { dw: number[]; db: number[] };
} {
  const { samples, inputs, outputs } = options;
  const random = new Random(5, "verify");
  const rows = (width: number) =>
    Array.from({ length: samples }, () => Array.from({ length: width }, () => Math.fround(random.normal())));
  const [x, y] = [rows(inputs), rows(outputs)];
  return {
    data: fromArrays(x, y, { test: { x, y } }),
    gradients(w, b) {
      const dw = w.map(() => 0);
      const db = b.map(() => 0);
      x.forEach((row, s) => {
        for (let o = 0; o < outputs; o++) {
          const out = row.reduce((sum, xi, i) => sum + xi * w[o * inputs + i], b[o]);
          const slope = (2 * (out - y[s][o])) / (samples * outputs);
          db[o] += slope;
          row.forEach((xi, i) => {
            dw[o * inputs + i] += slope * xi;
          });
        }
      });
      return { dw, db };
    },
  };
}
