/** λ‖w‖₁: the lasso (Tibshirani 1996). Its prox is the soft threshold. */
import { elementwise } from "./elementwise.ts";
import type { Penalty } from "./penalty.ts";

/**
 * λ‖w‖₁ over all weights of two or more dimensions: single weights become exactly zero (Tibshirani 1996).
 * @param lambda strength, ≥ 0
 * @throws UsageError for a lambda that is negative or not finite
 */
export const l1 = ({ lambda }: { lambda: number }): Penalty =>
  elementwise({
    name: "l1",
    lambda,
    rho: (g, x) => g.Abs(x),
    slope: (g, x) => g.Div(x, g.Max([g.Abs(x), 1e-30])),
    // sign(x)·max(|x| − κ, 0) = x − clamp(x, −κ, κ): exactly zero inside
    prox: (g, x, kappa) => g.Sub(x, g.Max([g.Min([x, kappa]), g.Neg(kappa)])),
  });
