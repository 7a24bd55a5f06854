/** Normalization: each element, given the vectors that go with its channel. */
import { normOfAll } from "./norms.ts";
import { each, opaque, plain, type ShrinkRules, stayCount } from "./rule.ts";

const mixes = opaque("mixes the channels that it normalizes over");

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
  LayerNormalization: {
    ...each((_, scale, shift = 0) => (scale === 0 ? shift : Number.NaN)),
    cut: { instead: { nodes: 4, of: normOfAll } },
  },
  /** Each group of channels is normalized as one, so a constant among others is another one after it. */
  GroupNormalization: {
    fold: { each: () => (_, scale, shift) => (scale === 0 ? shift : Number.NaN) },
    cut: {
      attrs: ({ in: [x], attrs }, masks) => {
        const mask = masks("in", 0)[1];
        if (!mask) return attrs;
        return { ...attrs, num_groups: stayCount(mask) / (x.shape[1] / attrs.num_groups) };
      },
    },
  },
  RMSNormalization: {
    ...each((x, scale) => (x === 0 || scale === 0 ? 0 : Number.NaN)),
    cut: { instead: { nodes: 3, of: normOfAll } },
  },
  LpNormalization: mixes,
  MeanVarianceNormalization: mixes,
  LRN: mixes,
};
