/** λ Σ|w|^½: half thresholding (Xu, Chang, Xu & Zhang 2012). */
import { z } from "zod";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { definePenalty } from "./define.ts";
import { elementwise } from "./elementwise.ts";
import { lambda } from "./lambda.ts";

const STEPS = 7;

/**
 * argmin_u ½(u − x)² + κ√|u|. Zero iff |x| ≤ (3/2)·κ^{2/3}; else u = y² with y the largest root of y³ − |x|y + κ/2 = 0.
 * The papers write that root by arccos; Newton from y = √|x| falls to it from above, without leaving the graph's operators.
 */
function half(g: Builder, x: Value, kappa: Value): Value {
  const a = g.Abs(x);
  const threshold = g.Mul(g.Pow(kappa, 2 / 3), 1.5);
  const alive = g.Cast(g.Greater(a, threshold), { to: "float32" });
  const safe = g.Max([a, g.Add(threshold, 1e-30)]); // below the threshold any number will do, it is masked
  let y = g.Sqrt(safe);
  for (let i = 0; i < STEPS; i++) {
    const square = g.Mul(y, y);
    const value = g.Add(g.Mul(y, g.Sub(square, safe)), g.Mul(kappa, 0.5));
    y = g.Sub(y, g.Div(value, g.Sub(g.Mul(square, 3), safe)));
  }
  return g.Mul(g.Mul(x, alive), g.Div(g.Mul(y, y), safe)); // sign(x)·y²
}

/**
 * λ Σ|w|^½ over all weights of two or more dimensions: single weights become exactly zero (Xu, Chang, Xu & Zhang 2012).
 * @throws UsageError for a lambda that is negative or not finite
 */
export const lHalf = definePenalty({
  name: "lHalf",
  source: "Xu et al. 2012; Yun, Lozano & Yang 2021",
  minimizes: "λ Σ√|w|. Prox: Xu et al.'s half threshold.",
  when: "Between ℓ₁ and ℓ₀.",
  paper: "λ given as a value divided by the number of samples.",
  demo: { optimizer: "proxGen", lr: 2e-3, lambda: 1e-4, milestones: [6, 9] },
  options: z.strictObject({ lambda }),
  ways: ["prox", "metric"],
  lambdaDecides: true,
  make: (options) =>
    elementwise(options.lambda, {
      rho: (g, x) => g.Sqrt(g.Abs(x)),
      prox: half,
    }),
});
