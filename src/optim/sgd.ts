/** Stochastic gradient descent with momentum, as torch.optim.SGD (dampening 0). The dense baseline. */
import { momentumStep, type SgdOptions } from "./momentum.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * SGD with momentum: v ← μv + g, w ← w − lr·v. Takes no penalty.
 * @throws UsageError for options out of range
 */
export function sgd({ momentum = 0.9, nesterov = false, weightDecay = 0 }: SgdOptions = {}): Optimizer<"v", "lr"> {
  const options = { momentum, nesterov, weightDecay };
  return {
    name: "sgd",
    options,
    slots: ["v"],
    clock: {
      numbers: ["lr"],
      start: () => ({}),
      tick: (state, now, schedule) => ({ state, numbers: { lr: schedule.lr(now) }, restart: false }),
    },
    init: (g, w) => ({ v: g.Sub(w, w) }),
    ...momentumStep(options),
  };
}
