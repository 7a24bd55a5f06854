/** λ‖w‖₀, the number of nonzero weights. Its prox is hard thresholding (Yun, Lozano & Yang 2021, section 4). */
import { elementwise } from "./elementwise.ts";
import type { Penalty } from "./penalty.ts";

/**
 * λ‖w‖₀, the number of nonzero weights: single weights become exactly zero, the others are not shrunk (Yun, Lozano & Yang 2021).
 * @param lambda strength, ≥ 0
 * @throws UsageError for a lambda that is negative or not finite
 */
export const l0 = ({ lambda }: { lambda: number }): Penalty =>
  elementwise({
    name: "l0",
    lambda,
    rho: (g, x) => g.Cast(g.Greater(g.Abs(x), 0), { to: "float32" }),
    // keep x where |x| > √(2κ)
    prox: (g, x, kappa) => g.Mul(x, g.Cast(g.Greater(g.Mul(x, x), g.Mul(kappa, 2)), { to: "float32" })),
  });
