/** Normalization, as one operator and as exporters take it apart. */
import type { Value } from "../../../src/graph/types.ts";
import { chance, pick } from "../../mutate/pick.ts";
import type { Net } from "../net.ts";
import { atRank, divisors, image, type NetMoves } from "./move.ts";

const lastAxis = (x: Value): number => x.shape.at(-1)!;
const wide = (x: Value): boolean => lastAxis(x) > 2;
const mean = (n: Net, x: Value): Value => n.g.ReduceMean(x, { axes: [x.shape.length - 1], keepdims: 1 });
/** 1 / √(mean x² + ε) */
const inverse = (n: Net, x: Value): Value =>
  n.g.Reciprocal(n.g.Sqrt(n.g.Add(mean(n, n.g.Pow(x, n.g.scalar(2))), 1e-2)));

export const normalizationMoves = {
  instanceNorm: image((n, x) =>
    x.shape[2] * x.shape[3] > 2
      ? n.g.InstanceNormalization(x, n.positive(x.shape[1]), n.weight(x.shape[1]))
      : undefined,
  ),
  groupNorm: image((n, x) => {
    const [, C, h, w] = x.shape;
    const num_groups = pick(n.random, divisors(C));
    return (C / num_groups) * h * w > 2
      ? n.g.GroupNormalization(x, n.positive(C), n.weight(C), { num_groups, epsilon: 1e-2 })
      : undefined;
  }),
  /** As an InstanceNormalization of what is reshaped. */
  groupNormApart: image((n, x) => {
    const [, C, h, w] = x.shape;
    const groups = pick(n.random, divisors(C));
    if ((C / groups) * h * w < 3) return undefined;
    const { g } = n;
    const ones = Array(groups).fill(1);
    const rows = g.Reshape(x, { shape: [0, groups, -1] });
    const even = g.InstanceNormalization(rows, n.fixed(ones), n.fixed(ones.map(() => 0)), { epsilon: 1e-2 });
    const back = g.Reshape(even, { shape: [-1, C, h, w] });
    return g.Add(g.Mul(back, n.positive(C, 1, 1)), n.weight(C, 1, 1));
  }),
  layerNorm: atRank(2, (n, x) =>
    wide(x) ? n.g.LayerNormalization(x, n.positive(lastAxis(x)), n.weight(lastAxis(x)), { epsilon: 1e-2 }) : undefined,
  ),
  layerNormApart: atRank(2, (n, x) => {
    if (!wide(x)) return undefined;
    const centred = n.g.Sub(x, mean(n, x));
    const even = n.g.Mul(centred, inverse(n, centred));
    return n.g.Add(n.g.Mul(even, n.positive(lastAxis(x))), n.weight(lastAxis(x)));
  }),
  rmsNorm: atRank(2, (n, x) =>
    wide(x) ? n.g.RMSNormalization(x, n.positive(lastAxis(x)), { epsilon: 1e-2 }) : undefined,
  ),
  rmsNormApart: atRank(2, (n, x) =>
    wide(x) ? n.g.Mul(n.positive(lastAxis(x)), n.g.Mul(x, inverse(n, x))) : undefined,
  ),
  lpNorm: atRank(2, (n, x) => {
    const beyondZero = n.g.Add(n.g.Abs(x), 0.1);
    return n.g.LpNormalization(beyondZero, { axis: n.axis(x), p: n.between(1, 2) });
  }),
  meanVariance: image((n, x) => {
    const axes = chance(n.random, 0.5) ? [2, 3] : [1, 2, 3];
    const apart = n.g.Add(x, n.weight(1, ...x.shape.slice(1))); // of equal elements it would be all error
    return axes.reduce((m, a) => m * x.shape[a], 1) > 2 ? n.g.MeanVarianceNormalization(apart, { axes }) : undefined;
  }),
  lrn: image((n, x) => n.g.LRN(x, { size: pick(n.random, [1, 3]), alpha: 0.1, bias: 1 })),
} satisfies NetMoves;
