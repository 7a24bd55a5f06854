/**
 * What of the penalty acts at a step. While λ is warmed up only a share of it does, rising from 0 to 1: here, and nowhere else, that
 * share is applied to what an optimizer's clock says of its proximal step.
 */
import type { ProxStep } from "../optim/optimizer.ts";
import type { Moment } from "../optim/schedule.ts";

/** Of one step; part of every checkpoint, as the next step goes on from it. */
export interface PenaltyMoment {
  /** The share of the penalty that counts, in [0, 1]. A penalty that acts by its gradient is multiplied by it. */
  readonly share: number;
  /** What steps have added to a proximal step that is a sum, each with its own share, since dual averaging last restarted. */
  readonly sum: number;
  /** The proximal step size. */
  readonly step: number;
  /** For a prox that no step can scale, the part of it that acts; see `BoundPenalty.prox`. */
  readonly part: number;
}

/** What of it a step's graph is told. */
export const penaltyNumbers = ["share", "step", "part"] as const;
export type PenaltyNumber = (typeof penaltyNumbers)[number];

/** Before the first step. */
export const noPenalty: PenaltyMoment = { share: 0, sum: 0, step: 0, part: 0 };

/**
 * @param before of the step before
 * @param prox what the clock says of the proximal step; absent for an optimizer that takes no penalty
 * @param strength what λ is multiplied by
 */
export function penaltyAt(
  before: PenaltyMoment,
  share: number,
  { prox = 0, restart }: { readonly prox?: ProxStep; readonly restart: boolean },
  point: "onward" | "anew" = "onward",
  strength = 1,
): PenaltyMoment {
  const summed = typeof prox === "object";
  const sum = summed ? (restart ? 0 : before.sum) + prox.adds * share * strength : 0;
  const step = summed ? sum / prox.over : prox * share * strength;
  // where the next step goes on from the prox's point, the share of the step before is done: factors 1 − part multiply to 1 − share
  const part = point === "anew" || share === 1 ? share : 1 - (1 - share) / (1 - before.share);
  return { share, sum, step, part };
}

/** How much of the penalty counts at a step: it grows from zero over the epochs of the warm-up. */
export const penaltyShare = ({ epoch, step, stepsPerEpoch }: Moment, warmupEpochs: number): number =>
  Math.min(1, (epoch * stepsPerEpoch + step + 1) / Math.max(1, warmupEpochs * stepsPerEpoch));
