/** What a training step is made of, beside the model. */
import type { Optimizer } from "../optim/optimizer.ts";
import type { BoundPenalty } from "../prox/penalty.ts";
import type { InputPlan } from "./input.ts";
import type { Loss } from "./loss.ts";

/** How a model is scored. */
export interface LossPlan {
  readonly input: InputPlan;
  readonly loss: Loss;
  /** The model's output that the loss attaches to; undefined = the first. */
  readonly output?: string;
}

/** How a model is trained. */
export interface StepPlan extends LossPlan {
  readonly optimizer: Optimizer;
  readonly penalty?: BoundPenalty;
}
