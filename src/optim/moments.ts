/** Adam's running moments m ← β₁m + (1−β₁)g, u ← β₂u + (1−β₂)g² (Kingma & Ba 2015), as Adam and the proximal methods in its metric share them. */
import { z } from "zod";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";

const decay = z.number().min(0).lt(1);
/** ε of a metric: float32 must hold it, since a smaller one is 0 in a step, and 0/0 is not a number. */
export const metricEps = z.number().min(1e-30);

/** The options of methods with Adam's moments. */
export const momentOptions = {
  betas: z
    .tuple([decay, decay])
    .readonly()
    .default([0.9, 0.999])
    .meta({ description: "decay of the first and the second moment", wanted: "two numbers ≥ 0 and < 1" }),
  eps: metricEps.default(1e-8).describe("added to the root of the second moment"),
};
const schema = z.strictObject(momentOptions);
/** Options of `proxSsi` and `proxGen`, and of `adam` and `adamw` beside weight decay. */
export type MomentOptions = z.input<typeof schema>;

type Slots = Readonly<Record<"m" | "u", Value>>;

/** With its clock number `fresh` an optimizer has its gradients times 1−β₁, as `update` wants them: that costs no pass over them. */
export function moments({ betas: [b1, b2] }: Pick<z.output<typeof schema>, "betas">) {
  const fresh = 1 - b1;
  return {
    fresh,
    init: (g: Builder, w: Value): Slots => ({ m: g.Sub(w, w), u: g.Sub(w, w) }),
    /** @param dw (1−β₁)g */
    update: (g: Builder, { m, u }: Slots, dw: Value): Slots => ({
      m: g.Add(g.Mul(m, b1), dw),
      u: g.Add(g.Mul(u, b2), g.Mul(g.Mul(dw, dw), (1 - b2) / fresh ** 2)),
    }),
  };
}
