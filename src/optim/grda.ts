/**
 * gRDA: generalized regularized dual averaging, for directional pruning (Chao, Wang, Xing & Cheng, NeurIPS 2020,
 * equation 4; with a changing learning rate as the authors' PyTorch code accumulates the threshold):
 *   a ← a − γ_n·∇f(w)
 *   G ← G + c·γ_n^{½+μ}·(n^μ − (n−1)^μ)
 *   w ← sign(a)·max(|a| − G, 0)
 * a starts at the initial weights. Every trained tensor is thresholded, biases and norm parameters too, and no other penalty applies.
 */
import { z } from "zod";
import { groupSets } from "../groups/groups.ts";
import { defineOptimizer, form, type OptimizerRule } from "./define.ts";

const options = z.strictObject({
  c: z
    .number()
    .min(0)
    .default(0.005)
    .meta({ description: "strength of the threshold, 0 = plain SGD", paper: "0 < c < 0.005" }),
  mu: z
    .number()
    .min(0)
    .default(0.51)
    .meta({ description: "growth of the threshold, best between 0.5 and 1", paper: "0.501, 0.51, 0.55" }),
});
/** Options of `grda`. */
export type GrdaOptions = z.input<typeof options>;

function make({ c, mu }: z.output<typeof options>): OptimizerRule<"a", "lr" | "threshold"> {
  const unbound: OptimizerRule<"a", "lr" | "threshold"> = {
    slots: ["a"],
    clock: {
      numbers: ["lr", "threshold"],
      start: () => ({ n: 0, threshold: 0 }),
      tick(state, now, schedule) {
        const n = state.n + 1;
        const lr = schedule.lr(now);
        const threshold = state.threshold + c * lr ** (0.5 + mu) * (n ** mu - (n - 1) ** mu);
        return { state: { n, threshold }, numbers: { lr, threshold }, restart: false };
      },
    },
    init: (g, w) => ({ a: g.Identity(w) }),
    propose(g, { dw, slots, clock }) {
      const a = g.Sub(slots.a, g.Mul(dw, clock.lr));
      // sign(a)·max(|a| − G, 0) = a − clamp(a, −G, G): exactly zero inside
      const clamped = g.Max([g.Min([a, clock.threshold]), g.Neg(clock.threshold)]);
      return { candidate: g.Sub(a, clamped), slots: { a } };
    },
    accept: (_, { candidate }) => candidate,
    bind: ({ graph }) => ({ ...unbound, sets: groupSets(graph, "element") }),
  };
  return unbound;
}

/**
 * gRDA (Chao et al. 2020, equation 4; spelled out at the head of this file): SGD behind a soft threshold that grows, which makes
 * single weights exactly zero. Takes no penalty.
 * @throws UsageError for options out of range
 */
export const grda = defineOptimizer(
  {
    name: "grda",
    source: "Chao et al., NeurIPS 2020, arXiv 2006.09358",
    minimizes:
      "f(W) while a soft threshold g(n) = c·lr^{½+μ}·n^μ grows: weights move only inside flat directions of the loss (directional pruning).",
    when: "Sparse weights with SGD's own accuracy and learning rate, and no λ. It thresholds single weights, so the file does not shrink.",
    paper: "c 0.005 (up to 0.01 at ImageNet), μ 0.501, 0.51 or 0.55, lr as for SGD without momentum.",
    demo: { lr: 0.1, c: 0.005, mu: 0.7 },
  },
  form({ options, defaults: { lr: 0.1 }, make }),
);
