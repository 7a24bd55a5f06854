/** λ/2‖w‖²: shrinks, never to zero. */
import { elementwise } from "./elementwise.ts";
import type { Penalty } from "./penalty.ts";

/** @param lambda ≥ 0 */
export const l2 = ({ lambda }: { lambda: number }): Penalty =>
  elementwise({
    name: "l2",
    lambda,
    rho: (g, x) => g.Mul(g.Mul(x, x), 0.5),
    prox: (g, x, kappa) => g.Div(x, g.Add(kappa, 1)),
    sparse: false,
  });
