/**
 * Batch normalization in training mode (Ioffe & Szegedy 2015), with torch's conventions: batch statistics normalize,
 * running statistics are updated with the unbiased variance. Written out because only the inference kernel runs everywhere.
 */

import type { Override } from "../autodiff/backward.ts";
import { EspalierError } from "../error.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import type { AcrossRanks } from "./exchange.ts";

/** What a batch says of the channels that are normalized. */
export interface BatchStatistics {
  /** [C] */
  readonly mean: Value;
  /** [C]: the mean of (x − mean)², not the unbiased variance. */
  readonly variance: Value;
  /** How many values of each channel they are of. */
  readonly values: number;
}

export interface BatchNorm {
  readonly y: Value;
  readonly batch: BatchStatistics;
  readonly runningMean: Value;
  readonly runningVar: Value;
  /** How gradients flow through `y`, in five passes over the activations instead of autodiff's dozen. */
  readonly override: Override;
}

/**
 * @param x [N, C, …]
 * @param scale, bias, mean, variance [C]; the last two are the running statistics
 * @param momentum share of the old running statistics that is kept (ONNX's spelling; 0.9 = torch's momentum 0.1)
 * @param across normalizes by the samples of all ranks, as torch's SyncBatchNorm. Default: by those that are here
 */
export function batchNorm(
  g: Builder,
  [x, scale, bias, mean, variance]: readonly Value[],
  { epsilon, momentum }: { epsilon: number; momentum: number },
  across?: AcrossRanks,
): BatchNorm {
  const axes = x.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
  const perChannel = [1, x.shape[1], ...x.shape.slice(2).map(() => 1)];
  const m = x.shape.reduce((p, d, i) => (i === 1 ? p : p * d), 1);
  if (m < 2 && !across)
    throw new EspalierError(
      "mismatch",
      "batch normalization needs more than one value per channel",
      {
        got: `[${x.shape}]`,
      },
      "use a larger batch",
    );
  const spread = (v: Value) => g.Reshape(v, { shape: perChannel });

  const mu = g.ReduceMean(x, { axes, keepdims: 1 });
  const centred = g.Sub(x, mu); // E[x²] − μ² would cancel when the mean is large
  const dot = (a: Value, b: Value) =>
    g.means(g.ReduceSum(g.Mul(a, b), { axes, keepdims: 0 }), "ChannelDot", [a, b], {});
  const squares = dot(centred, centred);
  const own = { mean: g.Reshape(mu, { shape: [x.shape[1]] }), squares };
  const perSample = m / x.shape[0];
  const all = across?.moments(g, own, perSample);
  const muFlat = all?.mean ?? own.mean;
  const biased = all?.variance ?? g.Mul(squares, 1 / m);
  const apart = all ? g.Sub(x, spread(muFlat)) : centred;
  const y = g.BatchNormalization(x, scale, bias, muFlat, biased, { epsilon });
  const inverse = g.Reciprocal(g.Sqrt(g.Add(biased, epsilon)));

  const keep = (old: Value, now: Value, share: number) => g.Add(g.Mul(old, momentum), g.Mul(now, share));
  return {
    y,
    batch: { mean: muFlat, variance: biased, values: m },
    runningMean: keep(mean, muFlat, 1 - momentum),
    runningVar: all ? keep(variance, all.unbiased, 1 - momentum) : keep(variance, squares, (1 - momentum) / (m - 1)),
    override: {
      inputs: [x, scale, bias],
      // x̂ = (x−μ)·inv:  dβ = Σdy,  dγ = Σ dy·x̂,  dx = γ·inv·(dy − dβ/m − x̂·dγ/m)
      rule(dy) {
        const dBias = g.ReduceSum(dy, { axes, keepdims: 0 });
        const dDot = dot(dy, apart);
        const dScale = g.Mul(dDot, inverse); // of the samples that are here, as every parameter's
        const whole = across?.sums(g, { bias: dBias, dot: dDot }, perSample);
        const a = g.Mul(scale, inverse);
        const b = g.Mul(g.Mul(a, inverse), whole ? g.Mul(g.Mul(whole.dot, inverse), -1) : g.Mul(dScale, -1 / m));
        const c = whole ? g.Mul(g.Mul(a, whole.bias), -1) : g.Mul(g.Mul(a, dBias), -1 / m);
        const sum = g.Add(g.Add(g.Mul(dy, spread(a)), g.Mul(apart, spread(b))), spread(c));
        const dx = g.means(sum, "ChannelSum", [dy, apart, a, b, c], {});
        return [dx, dScale, dBias];
      },
    },
  };
}
