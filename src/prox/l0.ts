/** λ‖w‖₀, the number of nonzero weights. Its prox is hard thresholding (Yun, Lozano & Yang 2021, section 4). */
import { z } from "zod";
import { definePenalty } from "./define.ts";
import { elementwise } from "./elementwise.ts";
import { lambda } from "./lambda.ts";

/**
 * λ‖w‖₀, the number of nonzero weights: single weights become exactly zero, the others are not shrunk (Yun, Lozano & Yang 2021).
 * @throws UsageError for a lambda that is negative or not finite
 */
export const l0 = definePenalty({
  name: "l0",
  source: "Yun, Lozano & Yang 2021, section 4",
  minimizes: "λ·(number of nonzero weights). Prox: hard threshold at √(2·step·λ).",
  when: "Single weights without shrinking those that stay.",
  paper: "λ given as a value divided by the number of samples.",
  demo: { optimizer: "proxGen", lr: 2e-3, lambda: 1e-5, milestones: [6, 9] },
  options: z.strictObject({ lambda }),
  ways: ["prox", "metric"],
  lambdaDecides: true,
  make: (options) =>
    elementwise(options.lambda, {
      rho: (g, x) => g.Cast(g.Greater(g.Abs(x), 0), { to: "float32" }),
      // keep x where |x| > √(2κ)
      prox: (g, x, kappa) => g.Mul(x, g.Cast(g.Greater(g.Mul(x, x), g.Mul(kappa, 2)), { to: "float32" })),
    }),
});
