/** Normalization: each element, given the vectors that go with its channel. */
import { each, opaque, plain, type ShrinkRules } from "./rule.ts";

export const normalizationShrinking: ShrinkRules<"normalization"> = {
  BatchNormalization: {
    ...plain,
    fold: {
      each:
        ({ epsilon }) =>
        (x, scale, shift, mean, variance) =>
          scale === 0 ? shift : ((x - mean) / Math.sqrt(variance + epsilon)) * scale + shift,
    },
  },
  // the mean of a constant is rounded, and the rounding divided by √ε: exact only for zeros
  InstanceNormalization: each((x, scale, shift) => (scale === 0 || x === 0 ? shift : Number.NaN)),
  LayerNormalization: opaque("mixes the channels that it normalizes over"),
};
