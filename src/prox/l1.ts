/** λ‖w‖₁: the lasso (Tibshirani 1996). Its prox is the soft threshold. */
import { z } from "zod";
import { definePenalty } from "./define.ts";
import { elementwise } from "./elementwise.ts";
import { chosenLambda } from "./lambda.ts";

/**
 * λ‖w‖₁ over all weights of two or more dimensions: single weights become exactly zero (Tibshirani 1996).
 * @throws UsageError for a lambda that is negative or not finite
 */
export const l1 = definePenalty({
  name: "l1",
  source: "Tibshirani 1996",
  minimizes: "λ Σ|w| over the weights of dense and convolutional layers. Prox: the soft threshold.",
  when: "Single weights; against RigL in the RMDA paper.",
  paper: "–",
  demo: { optimizer: "rmda", lr: 0.2, lambda: 1e-3, milestones: [6, 9] },
  options: z.strictObject({ lambda: chosenLambda }),
  ways: ["prox", "metric", "gradient"],
  lambdaDecides: true,
  make: (options) =>
    elementwise(options.lambda, {
      absolute: true,
      rho: (g, x) => g.Abs(x),
      slope: (g, x) => g.Div(x, g.Max([g.Abs(x), 1e-30])),
      // sign(x)·max(|x| − κ, 0) = x − clamp(x, −κ, κ): exactly zero inside
      prox: (g, x, kappa) => g.Sub(x, g.Max([g.Min([x, kappa]), g.Neg(kappa)])),
    }),
});
