/** Adam (Kingma & Ba 2015, Algorithm 1) and AdamW (Loshchilov & Hutter 2019, Algorithm 2), as torch.optim spells them. */

import { checkRange } from "../checks.ts";
import { type MomentOptions, moments } from "./moments.ts";
import type { Optimizer } from "./optimizer.ts";

/** Options of `adam` and `adamw`. */
export interface AdamOptions extends MomentOptions {
  /** ≥ 0. Adam: L2 added to the gradient, default 0. AdamW: decoupled, default 0.01. */
  readonly weightDecay?: number;
}

type Adam = Optimizer<"m" | "u", "lr" | "correction1" | "correction2">;

function build(name: string, decoupled: boolean, { betas, eps, weightDecay }: Required<AdamOptions>): Adam {
  const [b1, b2] = betas;
  const { init, update } = moments({ betas, eps });
  checkRange("weightDecay", weightDecay, 0, Number.POSITIVE_INFINITY);
  return {
    name,
    options: { betas, eps, weightDecay },
    slots: ["m", "u"],
    clock: {
      numbers: ["lr", "correction1", "correction2"],
      start: () => ({ t: 0 }),
      tick(state, now, schedule) {
        const t = state.t + 1;
        const numbers = { lr: schedule.lr(now), correction1: 1 - b1 ** t, correction2: Math.sqrt(1 - b2 ** t) };
        return { state: { t }, numbers, restart: false };
      },
    },
    init,
    propose(g, { w, dw, slots, clock }) {
      const { lr, correction1, correction2 } = clock;
      const d = weightDecay && !decoupled ? g.Add(dw, g.Mul(w, weightDecay)) : dw;
      const { m, u } = update(g, slots, d); //                               the papers' m and v
      const denominator = g.Add(g.Div(g.Sqrt(u), correction2), eps); //      √v̂ + ε
      const step = g.Mul(g.Div(m, denominator), g.Div(lr, correction1)); //  lr·m̂ / (√v̂ + ε)
      const shrunk = weightDecay && decoupled ? g.Mul(w, g.Sub(1, g.Mul(lr, weightDecay))) : w;
      return { candidate: g.Sub(shrunk, step), slots: { m, u } };
    },
    accept: (_, { candidate }) => candidate,
  };
}

/**
 * Adam (Kingma & Ba 2015, Algorithm 1): w ← w − lr·m̂/(√v̂ + ε). Weight decay, if any, is added to the gradient. Takes no penalty.
 * @throws UsageError for options out of range
 */
export const adam = ({ betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 }: AdamOptions = {}): Adam =>
  build("adam", false, { betas, eps, weightDecay });

/**
 * AdamW (Loshchilov & Hutter 2019, Algorithm 2): Adam with weight decay apart from the gradient, w ← (1 − lr·decay)·w − lr·m̂/(√v̂ + ε).
 * Takes no penalty.
 * @throws UsageError for options out of range
 */
export const adamw = ({ betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0.01 }: AdamOptions = {}): Adam =>
  build("adamw", true, { betas, eps, weightDecay });
