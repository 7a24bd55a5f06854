/** Normalization. BatchNormalization has a gradient for its statistics too, so a training form may compute them. */
import type { Builder } from "../../graph/builder.ts";
import { reshape } from "../../graph/emit.ts";
import { size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { asNumber, sign } from "./masks.ts";
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
  // the same with statistics over each group of channels and all behind
  GroupNormalization: (g, { in: [x, gamma], attrs: { epsilon, num_groups } }, dy) => {
    const grouped = [x.shape[0], num_groups, size(x.shape.slice(1)) / num_groups];
    const { hat, back } = standardized(g, reshape(g, x, grouped), [2], epsilon);
    const axes = [...x.shape.keys()].filter((i) => i !== 1);
    const perChannelSum = (d: Value) => g.ReduceSum(d, { axes, keepdims: 0 });
    const dHat = reshape(g, g.Mul(dy, perChannel(g, gamma, x)), grouped);
    return [reshape(g, back(dHat), x.shape), perChannelSum(g.Mul(dy, reshape(g, hat, x.shape))), perChannelSum(dy)];
  },
  // y = γ·x̂, x̂ = x·r, r = 1/√(mean x² + ε)  ⇒  dx = r·(dx̂ − x̂·mean(dx̂·x̂)),  dγ = dy·x̂
  RMSNormalization: (g, { in: [x, gamma], attrs: { axis, epsilon } }, dy) => {
    const rank = x.shape.length;
    const mean = (v: Value) =>
      g.ReduceMean(v, { axes: [...x.shape.keys()].slice(axis < 0 ? axis + rank : axis), keepdims: 1 });
    const r = inverseRoot(g, mean(g.Mul(x, x)), epsilon);
    const hat = g.Mul(x, r);
    const d = g.Mul(dy, gamma);
    return [g.Mul(g.Sub(d, g.Mul(hat, mean(g.Mul(d, hat)))), r), g.Mul(dy, hat)];
  },
  // y = x/n, n = Σ |x| or √Σ x²  ⇒  dx = (dy − dn·Σ dy·y)/n, dn = sign x or y
  LpNormalization: (g, { in: [x], out: y, attrs: { axis, p } }, dy) => {
    const along = { axes: [axis], keepdims: 1 };
    const n = p === 1 ? g.ReduceL1(x, along) : g.ReduceL2(x, along);
    const divisor = g.Where(g.Equal(n, 0), asNumber(g, 1, n), n); // of zeros, zeros are made
    const dn = p === 1 ? sign(g, x) : y;
    return [g.Div(g.Sub(dy, g.Mul(dn, g.ReduceSum(g.Mul(dy, y), along))), divisor)];
  },
  MeanVarianceNormalization: (g, { in: [x], attrs: { axes } }, dy) => {
    return [standardized(g, x, axes, MEAN_VARIANCE_EPSILON).back(dy)];
  },
  // y = x·s^−β, s = bias + α/size·Σ x²  ⇒  dx = dy·s^−β − 2αβ/size·x·Σ dy·x·s^(−β−1), both sums over neighbours
  LRN: (g, { in: [x], attrs: { alpha, beta, bias, size: n } }, dy) => {
    const s = g.Add(
      g.Mul(neighbours(g, g.Mul(x, x), Math.floor((n - 1) / 2), Math.ceil((n - 1) / 2)), alpha / n),
      bias,
    );
    const scaled = g.Mul(dy, g.Pow(s, -beta));
    // who has x among its neighbours: the same window, turned round
    const back = neighbours(g, g.Div(g.Mul(scaled, x), s), Math.ceil((n - 1) / 2), Math.floor((n - 1) / 2));
    return [g.Sub(scaled, g.Mul(g.Mul(x, back), (2 * alpha * beta) / n))];
  },
};

/** Of ONNX's definition. */
const MEAN_VARIANCE_EPSILON = 1e-9;

/** For every channel of x [N, C, …], the sum of those from so many before it to so many behind it. */
function neighbours(g: Builder, x: Value, before: number, after: number): Value {
  if (before + after === 0) return x;
  const rest = x.shape.slice(2).map(() => 0);
  const padded = g.Pad(x, { pads: [0, before, ...rest, 0, after, ...rest] });
  const parts = Array.from({ length: before + after + 1 }, (_, k) =>
    g.Slice(padded, { starts: [k], ends: [k + x.shape[1]], axes: [1] }),
  );
  return g.Sum(parts);
}
