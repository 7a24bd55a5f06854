/** λ/2‖w‖²: shrinks, never to zero. */
import { z } from "zod";
import { definePenalty } from "./define.ts";
import { elementwise } from "./elementwise.ts";
import { lambda } from "./lambda.ts";

/**
 * λ/2‖w‖² over all weights of two or more dimensions: weight decay by its prox; nothing becomes zero.
 * @throws UsageError for a lambda that is negative or not finite
 */
export const l2 = definePenalty({
  name: "l2",
  source: "Hoerl & Kennard 1970",
  minimizes: "λ/2‖W‖²: weight decay as a penalty, never zero.",
  when: "To compare proximal optimizers without structure.",
  paper: "–",
  demo: { optimizer: "rmda", lr: 0.2, lambda: 1e-3, milestones: [6, 9] },
  options: z.strictObject({ lambda }),
  ways: ["prox", "metric"],
  lambdaDecides: false,
  make: (options) =>
    elementwise(options.lambda, {
      rho: (g, x) => g.Mul(g.Mul(x, x), 0.5),
      prox: (g, x, kappa) => g.Div(x, g.Add(kappa, 1)),
      sparse: false,
    }),
});
