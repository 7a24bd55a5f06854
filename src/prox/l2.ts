/** λ/2‖w‖²: shrinks, never to zero. */
import { elementwise } from "./elementwise.ts";
import type { Penalty } from "./penalty.ts";

/**
 * λ/2‖w‖² over all weights of two or more dimensions: weight decay by its prox; nothing becomes zero.
 * @param lambda strength, ≥ 0
 * @throws UsageError for a lambda that is negative or not finite
 */
export const l2 = ({ lambda }: { lambda: number }): Penalty =>
  elementwise({
    name: "l2",
    lambda,
    rho: (g, x) => g.Mul(g.Mul(x, x), 0.5),
    prox: (g, x, kappa) => g.Div(x, g.Add(kappa, 1)),
    sparse: false,
  });
