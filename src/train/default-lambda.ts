/**
 * λ for a model and a length of run, where nobody says one.
 *
 * While a group is small every step takes step·λω_g off its norm, whatever it holds, and the loss holds against it what it needs. So a
 * group that no gradient holds is gone once Σ steps·λω_g is its norm. λ is chosen such that, over the whole run, this sum is one and a
 * half times the norm of the median group of the model as it is given: steps are the learning rates of an optimizer that goes on from
 * the point of its prox, and of dual averaging α/β at the end of each stage. It halves as the run gets twice as long, and follows the
 * scale of the weights.
 *
 * λ rises over the first half of the run then, by which only a third of the sum has come: half of the norm. A net that still lies on its
 * first plateau, where gradients hold nothing, is not emptied there; what no gradient holds is gone after three quarters of the run.
 *
 * A run of some hundred steps would want a λ that is stronger than the gradients of any group, and the net collapses: λ is bounded, and
 * so short a run may end with nothing zero, which it says.
 */

import { batchSizes } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Model } from "../graph/types.ts";
import { groupNorms } from "../groups/norms.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { allSteps, type Moment, type Schedule } from "../optim/schedule.ts";
import { parameters } from "../step/parameters.ts";
import { noPenalty, penaltyAt, penaltyShare } from "../step/penalty-clock.ts";
import { checkArguments } from "./arguments.ts";
import { freezeParameters, frozen } from "./freeze.ts";
import { forSamples } from "./inputs.ts";
import { resolveOptions, type TrainOptions } from "./options.ts";

/** What `defaultLambda` chose. */
export interface ChosenLambda {
  readonly lambda: number;
  /** Epochs over which it rises: the `lambdaWarmup` of `train`. */
  readonly lambdaWarmup: number;
  /** Of the run that it was chosen for. */
  readonly steps: number;
}

/** What the sum is, of the norm of the median group. */
const PULL = 1.5;
/**
 * The largest λ that is chosen. Of the nets that are built in, trained on digits and on the papers' data, LeNet-5 kept its accuracy at
 * 2e-3; MLP-7 lost it at 2e-3, LeNet-5-small at 4e-3, ResNet-20 at 1e-2.
 */
const LARGEST = 1.5e-3;
/** The share of the run over which λ rises. */
const RISE = 0.5;

/**
 * A λ with which a first run shows zeros and keeps its accuracy, for this model and this length of run; a number of the model's weights
 * and of the settings alone, so that it is the same each time. Made for the group lasso and ℓ₁ with `rmda`, `proxSgd` and
 * `hspg`: of their steps it is known what they take off.
 * ```ts
 * const options = { engine: node(), optimizer: rmda(), schedule: constant({ lr: 0.1 }), epochs: 20 };
 * const { lambda, lambdaWarmup } = defaultLambda(model, data, { ...options, penalty: groupLasso({ lambda: 1 }) })!;
 * const run = train(model, data, { ...options, penalty: groupLasso({ lambda }), lambdaWarmup });
 * ```
 * @param options of the run to come; its penalty with any λ. A `lambdaWarmup` that is said stays
 * @returns undefined for a run without a penalty, for a penalty or an optimizer that the rule does not know, and for weights that are
 *   zero as they are given (logistic regression)
 * @throws UsageError, EspalierError as `train`
 */
export function defaultLambda(model: Model, data: Dataset, options: TrainOptions): ChosenLambda | undefined {
  checkArguments(model, data, options);
  const bound = forSamples(model, data);
  const { optimizer, penalty, schedule, epochs, steps, batchSize } = resolveOptions(bound, data, options);
  const graph = freezeParameters(bound.graph, frozen(bound, options));
  const pulling = penalty?.bind(graph);
  if (!pulling?.pull) return undefined;
  const mergeSingle = parameters(graph).running.length > 0;
  const stepsPerEpoch = batchSizes(data.train.count, batchSize, { mergeSingle }).length;
  const length = { epochs, stepsPerEpoch, ...(steps !== undefined && { steps }) };
  const lambdaWarmup = options.lambdaWarmup ?? (RISE * allSteps(length)) / stepsPerEpoch;
  const reach = reachOf(optimizer, schedule, length, lambdaWarmup);
  const weights = new Map([...graph.initializers].map(([v, t]) => [v.name, t]));
  const typical = middle(
    pulling.sets.map((set) => {
      const each = pulling.pull!(set);
      return groupNorms(set, weights).map((norm, i) => norm / each[i]);
    }),
  );
  if (reach === undefined || !(typical > 0)) return undefined;
  const lambda = Math.min(LARGEST, Number(((PULL * typical) / reach).toPrecision(2)));
  return { lambda, lambdaWarmup, steps: allSteps(length) };
}

/** The middle one of all that are not zero; there may be millions. */
function middle(lists: readonly Float64Array[]): number {
  const all = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  const sorted = all.filter((x) => x > 0).sort();
  return sorted[sorted.length >> 1];
}

/** What a run's proximal steps take off the norm of a group with λω_g = 1; undefined where they do not add up. */
function reachOf(
  optimizer: Optimizer,
  schedule: Schedule,
  length: Omit<Moment, "epoch" | "step">,
  warmup: number,
): number | undefined {
  if (optimizer.prox === undefined || optimizer.adaptive) return undefined;
  let [clock, penalty, reach] = [optimizer.clock.start(), noPenalty, 0];
  const onward = optimizer.prox === "onward";
  for (let i = 0; i < allSteps(length); i++) {
    const now = { ...length, epoch: Math.floor(i / length.stepsPerEpoch), step: i % length.stepsPerEpoch };
    const tick = optimizer.clock.tick(clock, now, schedule);
    if (!onward && typeof tick.prox !== "object") return undefined; // made anew of nothing that was: RDA
    if (!onward && tick.restart) reach += penalty.step; // a stage begins from where the one before ended
    penalty = penaltyAt(penalty, penaltyShare(now, warmup), tick, optimizer.prox);
    if (onward) reach += penalty.step;
    clock = tick.state;
  }
  return onward ? reach : reach + penalty.step;
}
