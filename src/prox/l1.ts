/** λ‖w‖₁: the lasso (Tibshirani 1996). Its prox is the soft threshold. */
import { elementwise } from "./elementwise.ts";
import type { Penalty } from "./penalty.ts";

/** @param lambda ≥ 0 */
export const l1 = ({ lambda }: { lambda: number }): Penalty =>
  elementwise({
    name: "l1",
    lambda,
    rho: (g, x) => g.Abs(x),
    slope: (g, x) => g.Div(x, g.Max([g.Abs(x), 1e-30])),
    // sign(x)·max(|x| − κ, 0) = x − clamp(x, −κ, κ): exactly zero inside
    prox: (g, x, kappa) => g.Sub(x, g.Max([g.Min([x, kappa]), g.Neg(kappa)])),
  });
