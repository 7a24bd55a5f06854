/** The momentum of torch.optim.SGD (dampening 0), as plain and masked SGD share it. */
import { z } from "zod";
import type { Optimizer } from "./optimizer.ts";

/** The options of `sgd`, and of what moves weights as it does. */
export const sgdOptions = {
  momentum: z.number().min(0).lt(1).default(0.9).describe("momentum"),
  nesterov: z.boolean().default(false).describe("Nesterov's momentum"),
  weightDecay: z.number().min(0).default(0).describe("L2 added to the gradient of every parameter"),
};
const schema = z.strictObject(sgdOptions);
/** Options of `sgd`, `rigl` and `magnitude`. */
export type SgdOptions = z.input<typeof schema>;

/** v ← μv + g, w ← w − lr·v. */
export function momentumStep({
  momentum,
  nesterov,
  weightDecay,
}: z.output<typeof schema>): Pick<Optimizer<"v", "lr">, "propose" | "accept"> {
  return {
    propose(g, { w, dw, slots, clock }) {
      const d = weightDecay ? g.Add(dw, g.Mul(w, weightDecay)) : dw;
      const v = g.Add(g.Mul(slots.v, momentum), d); //            v ← μv + g
      const step = nesterov ? g.Add(d, g.Mul(v, momentum)) : v;
      return { candidate: g.Sub(w, g.Mul(step, clock.lr)), slots: { v } }; // w ← w − lr·v
    },
    accept: (_, { candidate }) => candidate,
  };
}
