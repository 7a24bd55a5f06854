/**
 * RMDA: regularized modernized dual averaging (Huang & Lee, ICLR 2022, arXiv 2112.02612, Algorithm 1).
 * At step t of a stage, with η the learning rate and G the gradient at the *averaged* iterate W:
 *   β ← √t,  s ← η√t,  α ← α + s,  V ← V + s·G   (`propose` is given s·G)
 *   W̃ ← prox_{(α/β)ψ}(W⁰ − V/β)
 *   W ← (1−c)·W + c·W̃
 * At a milestone a restart sets t = 0, α = 0, V = 0, W⁰ ← W. Only W̃ is sparse until c has reached 1.
 */
import { averaging, checkAveraging, type MomentumSchedule, restartsAt, warnings } from "./averaging.ts";
import type { Optimizer } from "./optimizer.ts";

/** Options of `rmda`. */
export interface RmdaOptions {
  /** The averaging constant c ("momentum" in the paper), in (0, 1]. Default 0.1. */
  readonly c?: number;
  /** How c reaches 1. Default "milestones", as the ICLR code. */
  readonly momentumSchedule?: MomentumSchedule;
  /** Epochs after which dual averaging restarts. Default: the schedule's milestones. */
  readonly restarts?: readonly number[];
}

type Numbers = "s" | "beta" | "c" | "keep";

/**
 * RMDA (Huang & Lee 2022, Algorithm 1; spelled out at the head of this file). Takes a penalty, and W has its exact zeros once c
 * has reached 1.
 * @throws UsageError for options out of range
 */
export function rmda({
  c = 0.1,
  momentumSchedule = "milestones",
  restarts,
}: RmdaOptions = {}): Optimizer<"w0" | "v", Numbers> {
  checkAveraging({ c, momentumSchedule, restarts });
  return {
    name: "rmda",
    options: { c, momentumSchedule, ...(restarts && { restarts }) },
    slots: ["w0", "v"],
    prox: "anew",
    ...(restarts && { restarts }),
    averages: "c",
    gradientScale: "s",
    clock: {
      numbers: ["s", "beta", "c", "keep"],
      start: () => ({ t: 0 }),
      tick(state, now, schedule) {
        const restart = restartsAt(now, schedule, restarts);
        const t = (restart ? 0 : state.t) + 1;
        const beta = Math.sqrt(t);
        const s = schedule.lr(now) * beta;
        const averagingNow = averaging(c, momentumSchedule, now, schedule);
        const numbers = { s, beta, c: averagingNow, keep: 1 - averagingNow };
        return { state: { t }, numbers, prox: { adds: s, over: beta }, restart }; // α/β
      },
    },
    init: (g, w) => ({ w0: g.Identity(w), v: g.Sub(w, w) }),
    propose(g, { dw, slots, clock }) {
      const v = g.Add(slots.v, dw); // V ← V + s·G
      return { candidate: g.Sub(slots.w0, g.Div(v, clock.beta)), slots: { w0: slots.w0, v } };
    },
    accept: (g, { w, candidate, clock }) => g.Add(g.Mul(w, clock.keep), g.Mul(candidate, clock.c)),
    dual: (g, { slots, clock }) => ({ candidate: g.Sub(slots.w0, g.Div(slots.v, clock.beta)) }),
    warnings: (schedule, epochs, stepsPerEpoch) =>
      warnings({ c, momentumSchedule, restarts }, schedule, epochs, stepsPerEpoch),
  };
}
