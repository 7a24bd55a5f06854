/** Learning-rate schedules: pure functions of the moment. */

import { checkEpochs, checkFloat, checkShare } from "../checks.ts";
import { UsageError } from "../error.ts";
import { aList, anObject, aSchedule, kindOf, wants } from "../given.ts";

/** Where training stands, before the step that is about to run. */
export interface Moment {
  /** 0-based. */
  readonly epoch: number;
  /** 0-based, within the epoch. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** All steps of the run, where it ends within an epoch. Default: those of all epochs. */
  readonly steps?: number;
}

/** All steps of the run that a moment is of. */
export const allSteps = ({ steps, epochs, stepsPerEpoch }: Omit<Moment, "epoch" | "step">): number =>
  steps ?? epochs * stepsPerEpoch;

/** A learning rate over time. */
export interface Schedule {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Epochs after which a stage ends (`multiStep`); empty otherwise. */
  readonly milestones: readonly number[];
  /** What the learning rate is multiplied by at each milestone; 1 otherwise. */
  readonly gamma: number;
  lr(now: Moment): number;
}

function checkLr(lr: number): void {
  if (typeof lr !== "number" || !(lr > 0 && Number.isFinite(lr)))
    throw new UsageError("out-of-range", "lr must be positive", { got: kindOf(lr), wanted: "> 0" });
  checkFloat("lr", lr);
}

/**
 * The same learning rate throughout.
 * @throws UsageError for an lr that is not positive
 */
export function constant(options: { lr: number }): Schedule {
  wants("constant", ["options", anObject, options]);
  const { lr } = options;
  checkLr(lr);
  return { name: "constant", options: { lr }, milestones: [], gamma: 1, lr: () => lr };
}

/**
 * torch's MultiStepLR: lr is multiplied by `gamma` once `m` epochs are finished, for each milestone m.
 * @param milestones in epochs
 * @param gamma in (0, 1]; default 0.1
 * @throws UsageError for an lr that is not positive, a gamma out of range, and milestones that are not increasing positive integers
 */
export function multiStep(options: { lr: number; milestones: readonly number[]; gamma?: number }): Schedule {
  wants("multiStep", ["options", anObject, options], ["milestones", aList, options, "milestones"]);
  const { lr, milestones, gamma = 0.1 } = options;
  checkLr(lr);
  checkEpochs("milestones", milestones);
  if (!(gamma > 0 && gamma <= 1)) throw new UsageError("out-of-range", "gamma must lie in (0, 1]", { got: gamma });
  return {
    name: "multiStep",
    options: { lr, milestones, gamma },
    milestones,
    gamma,
    lr: ({ epoch }) => lr * gamma ** stage(milestones, epoch),
  };
}

/** How many milestones are behind the 0-based epoch. */
export const stage = (milestones: readonly number[], epoch: number): number =>
  milestones.filter((m) => epoch >= m).length;

/**
 * Cosine annealing without restarts (Loshchilov & Hutter 2017, eq. 5), from `lr` to `minLr`, step by step.
 * @param minLr torch's eta_min, in [0, lr]; default 0
 * @throws UsageError for an lr that is not positive, and for a minLr out of range
 */
export function cosine(options: { lr: number; minLr?: number }): Schedule {
  wants("cosine", ["options", anObject, options]);
  const { lr, minLr = 0 } = options;
  checkLr(lr);
  checkShare("minLr", minLr, 0, lr);
  return {
    name: "cosine",
    options: { lr, minLr },
    milestones: [],
    gamma: 1,
    lr: (now) => minLr + ((lr - minLr) / 2) * (1 + Math.cos(Math.PI * progress(now))),
  };
}

/**
 * Linear warm-up to a schedule over its first epochs: in the i-th of the n steps of the warm-up lr is i/n of what it would be.
 * @param epochs finite and > 0, not necessarily whole
 * @throws UsageError for epochs out of range
 */
export function warmup(then: Schedule, options: { epochs: number }): Schedule {
  wants("warmup", ["then", aSchedule, then], ["options", anObject, options]);
  const { epochs } = options;
  if (!(epochs > 0 && Number.isFinite(epochs)))
    throw new UsageError("out-of-range", "warm-up epochs must be positive", { got: epochs, wanted: "a number > 0" });
  return {
    ...then,
    options: { ...then.options, warmupEpochs: epochs },
    lr: (now) =>
      then.lr(now) * Math.min(1, (now.epoch * now.stepsPerEpoch + now.step + 1) / (epochs * now.stepsPerEpoch)),
  };
}

/**
 * A schedule of a run that falls into two parts, as if each were a run of its own: what a warm-up and a cosine plan over a run, they plan
 * over each. Milestones are epochs of the whole run, so that a schedule which has some stays as it is.
 * @param after how many epochs the second part begins
 */
export function inTwoParts(schedule: Schedule, after: number): Schedule {
  if (schedule.milestones.length > 0) return schedule;
  return { ...schedule, lr: (now) => schedule.lr(withinPart(now, after)) };
}

function withinPart(now: Moment, after: number): Moment {
  if (after >= now.epochs) return now;
  const { steps, ...at } = now;
  if (now.epoch < after) return { ...at, epochs: after };
  const left = steps !== undefined && { steps: steps - after * now.stepsPerEpoch };
  return { ...at, ...left, epoch: now.epoch - after, epochs: now.epochs - after };
}

/** Share of all steps that are finished, in [0, 1). */
const progress = (now: Moment): number => (now.epoch * now.stepsPerEpoch + now.step) / allSteps(now);
