/** What a training step is made of, beside the model. */
import type { Optimizer } from "../optim/optimizer.ts";
import type { BoundPenalty } from "../prox/penalty.ts";
import type { Teacher } from "./distill.ts";
import type { InputPlan } from "./input.ts";
import type { Loss } from "./loss.ts";

/** A term of the loss: what an output is compared with, and how. */
export interface LossTerm {
  readonly loss: Loss;
  /** The model's output that it attaches to; undefined = the first. */
  readonly output?: string;
  /** What it is multiplied by in the sum. Default 1. */
  readonly weight?: number;
  /** Which of the batch's further arrays holds the labels; undefined = y. */
  readonly more?: string;
  /** Shape of one sample's labels where they are classes. Default [], one class. */
  readonly places?: readonly number[];
  /**
   * In training: the arrays of the batch that tell, for each sample, a second class, and the share of the first one, which is the same
   * for all of them: the loss is that share of the loss of the first, and the rest of that of the second.
   */
  readonly mixed?: { readonly partner: string; readonly share: string };
  /** Whether the first axis of that shape counts places, of which batches may have fewer. */
  readonly byPlace?: boolean;
}

/** How a model is scored. */
export interface LossPlan {
  /** What the model's inputs are made of, in their order. */
  readonly inputs: readonly InputPlan[];
  /** The loss is their sum; accuracy is told of the first one that has classes. */
  readonly terms: readonly LossTerm[];
  /** With whom the outputs are compared as well, in training alone. */
  readonly teacher?: Teacher;
}

/** How a model is trained. */
export interface StepPlan extends LossPlan {
  readonly optimizer: Optimizer;
  readonly penalty?: BoundPenalty;
}
