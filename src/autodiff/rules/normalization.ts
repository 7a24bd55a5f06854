/** Normalization. BatchNormalization has a gradient for its statistics too, so a training form may compute them. */
import type { Builder } from "../../graph/builder.ts";
import { reshape } from "../../graph/emit.ts";
import type { Value } from "../../graph/types.ts";
import type { FamilyRules } from "./rule.ts";

/** A value per channel, ready to multiply x [N, C, …]. */
const perChannel = (g: Builder, v: Value, x: Value): Value =>
  reshape(g, v, [1, x.shape[1], ...x.shape.slice(2).map(() => 1)]);

/** 1/√(v + ε) */
const inverseRoot = (g: Builder, v: Value, epsilon: number): Value => g.Reciprocal(g.Sqrt(g.Add(v, epsilon)));

/**
 * x̂ = (x − μ)·r with μ and r = 1/√(σ² + ε) taken over `axes` of x itself.
 * @returns x̂ and the map from dx̂ to dx: r·(dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂))
 */
function standardized(g: Builder, x: Value, axes: readonly number[], epsilon: number) {
  const mean = (v: Value) => g.ReduceMean(v, { axes, keepdims: 1 });
  const centred = g.Sub(x, mean(x));
  const r = inverseRoot(g, mean(g.Mul(centred, centred)), epsilon);
  const hat = g.Mul(centred, r);
  const back = (d: Value) => g.Mul(g.Sub(g.Sub(d, mean(d)), g.Mul(hat, mean(g.Mul(d, hat)))), r);
  return { hat, back };
}

export const normalizationRules: FamilyRules<"normalization"> = {
  // y = γ·(x − μ)·r + β, r = 1/√(v + ε), with S₁ = Σ dy, S₂ = Σ dy·(x − μ) per channel:
  // dx = dy·γ·r,  dγ = r·S₂,  dβ = S₁,  dμ = −γ·r·S₁,  dv = −½·γ·r³·S₂
  BatchNormalization: (g, { in: [x, gamma, , mu, v], attrs: { epsilon } }, dy) => {
    const axes = [...x.shape.keys()].filter((i) => i !== 1);
    const r = inverseRoot(g, v, epsilon);
    const scale = g.Mul(gamma, r);
    const s1 = g.ReduceSum(dy, { axes, keepdims: 0 });
    const s2 = g.ReduceSum(g.Mul(dy, g.Sub(x, perChannel(g, mu, x))), { axes, keepdims: 0 });
    const dGamma = g.Mul(r, s2);
    return [
      g.Mul(dy, perChannel(g, scale, x)),
      dGamma,
      s1,
      g.Neg(g.Mul(scale, s1)),
      g.Mul(g.Mul(g.Mul(scale, r), dGamma), -0.5),
    ];
  },
  // y = γ·x̂ + β, statistics per sample and channel
  InstanceNormalization: (g, { in: [x, gamma], attrs: { epsilon } }, dy) => {
    const { hat, back } = standardized(g, x, [...x.shape.keys()].slice(2), epsilon);
    const axes = [...x.shape.keys()].filter((i) => i !== 1);
    const perChannelSum = (d: Value) => g.ReduceSum(d, { axes, keepdims: 0 });
    return [back(g.Mul(dy, perChannel(g, gamma, x))), perChannelSum(g.Mul(dy, hat)), perChannelSum(dy)];
  },
  // y = γ·x̂ + β, statistics over axis … last
  LayerNormalization: (g, { in: [x, gamma], attrs: { axis, epsilon } }, dy) => {
    const rank = x.shape.length;
    const { hat, back } = standardized(g, x, [...x.shape.keys()].slice(axis < 0 ? axis + rank : axis), epsilon);
    return [back(g.Mul(dy, gamma)), g.Mul(dy, hat), dy];
  },
};
