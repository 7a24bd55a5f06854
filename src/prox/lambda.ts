/** The option that nearly every penalty has. */
import { z } from "zod";

/** λ, ≥ 0. */
export const lambda = z
  .number()
  .min(0)
  .meta({ description: "strength of the penalty", start: 1e-4, fix: "start with 1e-4 and multiply or divide by 3" });

/** The same, where a command takes what `defaultLambda` chooses if it knows the optimizer too. */
export const chosenLambda = lambda.meta({
  ...lambda.meta(),
  description: "strength of the penalty; with rmda, prox-sgd and hspg what fits the model and the length of the run",
});

/** The same, where a paper says what it takes. */
export const lambdaOf = (paper: string) => chosenLambda.meta({ ...chosenLambda.meta(), paper });
