/** Adam's running moments m ← β₁m + (1−β₁)g, u ← β₂u + (1−β₂)g² (Kingma & Ba 2015), as Adam and the proximal methods in its metric share them. */
import { checkEps, checkRange } from "../checks.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";

/** Options of `proxSsi` and `proxGen`, and of `adam` and `adamw` beside weight decay. */
export interface MomentOptions {
  /** β₁, β₂: decay of the first and second moment, each in [0, 1). Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ε, added to the root of the second moment, ≥ 1e-30. Default 1e-8; 1e-6 (proxSsi). */
  readonly eps?: number;
}

type Slots = Readonly<Record<"m" | "u", Value>>;

/** @throws UsageError for options out of range */
export function moments({ betas: [b1, b2], eps }: Required<MomentOptions>) {
  checkRange("betas[0]", b1, 0, 1);
  checkRange("betas[1]", b2, 0, 1);
  checkEps(eps);
  return {
    init: (g: Builder, w: Value): Slots => ({ m: g.Sub(w, w), u: g.Sub(w, w) }),
    update: (g: Builder, { m, u }: Slots, dw: Value): Slots => ({
      m: g.Add(g.Mul(m, b1), g.Mul(dw, 1 - b1)),
      u: g.Add(g.Mul(u, b2), g.Mul(g.Mul(dw, dw), 1 - b2)),
    }),
  };
}
