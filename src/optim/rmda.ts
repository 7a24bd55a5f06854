/**
 * RMDA: regularized modernized dual averaging (Huang & Lee, ICLR 2022, arXiv 2112.02612, Algorithm 1).
 * At step t of a stage, with η the learning rate and G the gradient at the *averaged* iterate W:
 *   β ← √t,  s ← η√t,  α ← α + s,  V ← V + s·G
 *   W̃ ← prox_{(α/β)ψ}(W⁰ − V/β)
 *   W ← (1−c)·W + c·W̃
 * At a milestone a restart sets t = 0, α = 0, V = 0, W⁰ ← W. Only W̃ is sparse until c has reached 1.
 */
import { UsageError } from "../error.ts";
import type { Moment, Optimizer } from "./optimizer.ts";
import { checkEpochs, checkFraction } from "./options.ts";
import { type Schedule, stage } from "./schedule.ts";

/** Options of `rmda`. */
export interface RmdaOptions {
  /** The averaging constant c ("momentum" in the paper), in (0, 1]. Default 0.1. */
  readonly c?: number;
  /**
   * How c reaches 1. "milestones" (the ICLR code): divided by the schedule's gamma at every milestone.
   * "ramp" (the RAMDA paper): c·√i at the i-th step of the final stage.
   * A schedule without milestones ramps c linearly to 1 over the last 20 % of all steps, whatever is said here.
   */
  readonly momentumSchedule?: "milestones" | "ramp";
  /** Epochs after which dual averaging restarts. Default: the schedule's milestones. */
  readonly restarts?: readonly number[];
}

type Numbers = "s" | "beta" | "proxStep" | "c" | "keep";

/** c at a moment; `i` counts the steps since the last milestone, this one included. */
function averaging(c: number, how: "milestones" | "ramp", now: Moment, schedule: Schedule): number {
  const { milestones, gamma } = schedule;
  const last = milestones.length;
  if (last === 0) {
    const total = now.epochs * now.stepsPerEpoch;
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

/** RMDA; takes a penalty, and finds its exact zeros once c has reached 1. */
export function rmda({
  c = 0.1,
  momentumSchedule = "milestones",
  restarts,
}: RmdaOptions = {}): Optimizer<"w0" | "v", Numbers> {
  checkFraction("c", c);
  if (restarts) checkEpochs("restarts", restarts);
  if (momentumSchedule !== "milestones" && momentumSchedule !== "ramp")
    throw new UsageError(`unknown momentumSchedule "${momentumSchedule}"`, { wanted: "milestones, ramp" });
  return {
    name: "rmda",
    options: { c, momentumSchedule, ...(restarts && { restarts }) },
    slots: ["w0", "v"],
    averages: true,
    proxStep: "proxStep",
    clock: {
      numbers: ["s", "beta", "proxStep", "c", "keep"],
      start: () => ({ t: 0, alpha: 0 }),
      tick(state, now, schedule) {
        const restart = now.step === 0 && (restarts ?? schedule.milestones).includes(now.epoch);
        const t = (restart ? 0 : state.t) + 1;
        const beta = Math.sqrt(t);
        const s = schedule.lr(now) * beta;
        const alpha = (restart ? 0 : state.alpha) + s * now.penaltyShare;
        const averagingNow = averaging(c, momentumSchedule, now, schedule);
        const numbers = { s, beta, proxStep: alpha / beta, c: averagingNow, keep: 1 - averagingNow };
        return { state: { t, alpha }, numbers, restart };
      },
    },
    init: (g, w) => ({ w0: g.Identity(w), v: g.Sub(w, w) }),
    propose(g, { dw, slots, clock }) {
      const v = g.Add(slots.v, g.Mul(dw, clock.s)); // V ← V + s·G
      return { candidate: g.Sub(slots.w0, g.Div(v, clock.beta)), slots: { w0: slots.w0, v } };
    },
    accept: (g, { w, candidate, clock }) => g.Add(g.Mul(w, clock.keep), g.Mul(candidate, clock.c)),
    dual: (g, { slots, clock }) => g.Sub(slots.w0, g.Div(slots.v, clock.beta)),
    warnings(schedule, epochs, stepsPerEpoch) {
      const { milestones } = schedule;
      const finalStage =
        epochs - (restarts ?? milestones).filter((m) => m < epochs).reduce((a, b) => Math.max(a, b), 0);
      const out: string[] = [];
      if ((restarts ?? milestones).length > 0 && finalStage < 2)
        out.push(
          `the last restart leaves ${finalStage} epoch(s): a restart revives groups, so plan at least two after it`,
        );
      const end = { epoch: epochs - 1, step: stepsPerEpoch - 1, stepsPerEpoch, epochs, penaltyShare: 1 };
      const reached = averaging(c, momentumSchedule, end, schedule);
      if (reached < 1)
        out.push(
          `c ends at ${reached.toPrecision(2)} (from ${c}, ${milestones.length} milestones, gamma ${schedule.gamma}): it must reach 1, or W stays an average and is not exactly sparse`,
        );
      return out;
    },
  };
}
