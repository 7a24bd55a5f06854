/** Normalization. */

import { axesOf, axisOf } from "../../graph/op.ts";
import { met, nothing } from "../fact.ts";
import { mix } from "../mix.ts";
import { greatest, movedBack } from "../need.ts";
import { perElement } from "../per-element.ts";
import { LayerNormalization, RMSNormalization } from "./norms.ts";
import type { Call, ProofRules } from "./rule.ts";

const channels = { at: (k: number) => (k === 0 ? 0 : 1) };

/** (x − μ) / √(σ² + ε) · γ + β. Where γ is zero, x and its statistics do not matter. */
const BatchNormalization = perElement<{ readonly epsilon: number }>(
  ({ epsilon }) =>
    (x, scale, shift, mean, variance) =>
      scale === 0 ? shift : ((x - mean) / Math.sqrt(variance + epsilon)) * scale + shift,
  {
    ...channels,
    magnitude: ({ epsilon }, [x, scale, shift, mean, variance]) =>
      scale === 0
        ? 0
        : ((Math.abs(x) + Math.abs(mean)) * Math.abs(scale)) / Math.sqrt(variance + epsilon) + Math.abs(shift),
    ignores: (k, zero) => k !== 1 && k !== 2 && zero(1),
  },
);

/**
 * The mean and variance are of x itself. Of a constant, the mean is rounded, and the rounding is divided by √ε: only
 * zeros are known to become the shift.
 */
const perChannel = perElement<unknown>(() => (x, scale, shift) => (scale === 0 || x === 0 ? shift : Number.NaN), {
  ...channels,
  rounding: "none",
  ignores: (k, zero) => k === 0 && zero(1),
});

/** The axes that every channel is normalized over. */
const space = ({ inputs }: Call<unknown>) => inputs[0]!.shape.flatMap((_, i) => (i < 2 ? [] : [i]));

export const normalizationProofs: ProofRules<"normalization"> = {
  BatchNormalization,
  InstanceNormalization: {
    known(call, at) {
      const [x, ...vectors] = call.known;
      return perChannel.known({ ...call, known: [met(x, space(call)), ...vectors] }, at);
    },
    needs: (call, k, need, at) => perChannel.needs(call, k, greatest(need, space(call)), at),
  },
  LayerNormalization,
  GroupNormalization: {
    known: (call, at) =>
      perChannel.known({ ...call, known: [nothing(call.inputs[0]!.shape.length), ...call.known.slice(1)] }, at),
    needs(call, k, need, at) {
      const own = perChannel.needs(call, k, need, at);
      if (k > 0) return own;
      const { shape } = call.inputs[0]!;
      const [n, c, ...rest] = shape;
      const grouped = [n, call.attrs.num_groups, c / call.attrs.num_groups, ...rest];
      const apart = movedBack(own, [{ kind: "reshape", from: grouped, to: shape }]);
      const most = greatest(apart, [...grouped.keys()].slice(2));
      return movedBack(most, [{ kind: "reshape", from: shape, to: grouped }]);
    },
  },
  RMSNormalization,
  LpNormalization: mix({ axes: ({ attrs, inputs: [x] }) => [axisOf(attrs.axis, x!.shape.length)] }),
  MeanVarianceNormalization: mix({ axes: ({ attrs, inputs: [x] }) => axesOf(attrs.axes, x!.shape.length) }),
  LRN: mix({ axes: () => [1] }),
};
