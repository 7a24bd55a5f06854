/** What RMDA and RAMDA share beside their metric: the averaging constant c over time, and restarts. */
import { z } from "zod";
import type { Moment } from "./schedule.ts";
import { allSteps, type Schedule, stage } from "./schedule.ts";

/**
 * How the averaging constant c reaches 1. "milestones" (RMDA's ICLR code): divided by the schedule's gamma at every
 * milestone. "ramp" (the RAMDA paper): c·√i at the i-th step of the final stage.
 * With both, a schedule without milestones ramps c linearly to 1 over the last 20 % of all steps. "constant": c stays what it is, so
 * that for c < 1 W is an average to the end and only W̃ has exact zeros.
 */
export type MomentumSchedule = "milestones" | "ramp" | "constant";

const increasing = (epochs: readonly number[]) => epochs.every((e, i) => e > (epochs[i - 1] ?? 0));

/** The options of dual averaging. `c` and `momentumSchedule` want a default. */
export const averagingOptions = {
  c: z.number().gt(0).max(1),
  momentumSchedule: z.enum(["milestones", "ramp", "constant"]).meta({
    description:
      "how c reaches 1, without which nothing is exactly zero: milestones divides it by gamma at each, ramp grows it as the root of the steps after the last; without milestones it rises over the last fifth of the run; constant leaves it as it is",
  }),
  restarts: z
    .array(z.int().min(1))
    .refine(increasing)
    .readonly()
    .meta({
      description: "epochs after which dual averaging restarts (default: the milestones)",
      wanted: "increasing positive integers",
    })
    .optional(),
};
export interface Averaging {
  readonly c: number;
  readonly momentumSchedule: MomentumSchedule;
  readonly restarts?: readonly number[];
}

/** True before the first step of an epoch in which dual averaging starts anew. */
export const restartsAt = (now: Moment, schedule: Schedule, restarts?: readonly number[]): boolean =>
  now.step === 0 && (restarts ?? schedule.milestones).includes(now.epoch);

/** c at a moment; `i` counts the steps since the last milestone, this one included. */
export function averaging(c: number, how: MomentumSchedule, now: Moment, schedule: Schedule): number {
  if (how === "constant") return c;
  const { milestones, gamma } = schedule;
  const last = milestones.length;
  if (last === 0) {
    const total = allSteps(now);
    const rampSteps = Math.max(1, Math.floor(total * 0.2));
    const into = now.epoch * now.stepsPerEpoch + now.step + 1 - (total - rampSteps);
    return into <= 0 ? c : into >= rampSteps ? 1 : c + (1 - c) * (into / rampSteps);
  }
  const s = stage(milestones, now.epoch);
  if (how === "milestones") return Math.min(1, roundOff(c / gamma ** s));
  if (s < last) return c;
  const i = (now.epoch - milestones[last - 1]) * now.stepsPerEpoch + now.step + 1;
  return Math.min(1, c * Math.sqrt(i));
}

/** 0.01 / 0.1 / 0.1 is 0.9999999999999998: c must be exactly 1 for W to be exactly sparse. */
const roundOff = (x: number): number => (Math.abs(x - 1) < 1e-9 ? 1 : x);

/** Things the user should know about a combination of settings. */
export function warnings(
  { c, momentumSchedule, restarts }: Averaging,
  schedule: Schedule,
  epochs: number,
  stepsPerEpoch: number,
): string[] {
  const { milestones } = schedule;
  const finalStage = epochs - (restarts ?? milestones).filter((m) => m < epochs).reduce((a, b) => Math.max(a, b), 0);
  const out: string[] = [];
  if ((restarts ?? milestones).length > 0 && finalStage < 2)
    out.push(`the last restart leaves ${finalStage} epoch(s): a restart revives groups, so plan at least two after it`);
  const end = { epoch: epochs - 1, step: stepsPerEpoch - 1, stepsPerEpoch, epochs };
  const reached = averaging(c, momentumSchedule, end, schedule);
  if (momentumSchedule === "constant") {
    if (c < 1) out.push(`c stays ${c}: W stays an average and nothing in it is exactly zero; the zeros are those of W̃`);
  } else if (reached < 1) {
    const enough = Math.ceil((100 * c) / reached) / 100; // both ways c grows are linear in where it starts
    out.push(
      `c starts at ${c} and ends at ${reached.toPrecision(2)}: W stays an average and nothing in it is exactly zero; take c ${enough} or more, or an earlier last milestone`,
    );
  }
  return out;
}
