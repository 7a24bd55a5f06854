/** Normalization: vectors go with the channel; an axis that is normalized over is mixed. */
import { axesOf, axisOf } from "../../graph/op.ts";
import type { Value } from "../../graph/types.ts";
import { type AxesRules, type Flow, indexPairs, inputEnd, outputEnd, sameAxes, tie } from "./rule.ts";

const why = "normalizes over this axis";
const vectors = (n: number) => Array.from({ length: n }, (_, i) => tie(inputEnd(i + 1, 0), outputEnd(1)));

interface OverChannels {
  readonly in: readonly (Value | null)[];
  readonly attrs: { readonly axis: number };
}

/** Sums of squares lose nothing with a channel that is zero; of several axes that are normalized over, none is one of channels. */
function overChannels({ in: [x, ...own], attrs }: OverChannels, more: Pick<Flow, "factors" | "gates">): Flow {
  const { shape } = x!;
  const last = shape.length - 1;
  const alone =
    axisOf(attrs.axis, shape.length) === last && own.every((v) => !v || v.shape.join() === `${shape[last]}`);
  if (!alone) return { why, ties: sameAxes(x!, (i) => i < axisOf(attrs.axis, shape.length)) };
  const vectors = own.flatMap((v, i) => (v ? [tie(inputEnd(i + 1, 0), outputEnd(last))] : []));
  return { why, ties: [...sameAxes(x!), ...vectors], sums: [inputEnd(0, last)], ...more };
}

export const normalizationAxes: AxesRules<"normalization"> = {
  BatchNormalization: ({ in: [x] }) => ({ ties: [...sameAxes(x), ...vectors(4)], affine: [1, 2] }),
  InstanceNormalization: ({ in: [x] }) => ({
    why,
    ties: [...sameAxes(x, (i) => i < 2), ...vectors(2)],
    affine: [1, 2],
    factors: [1],
  }),
  LayerNormalization: (site) => overChannels(site, { factors: [1], gates: [1] }),
  /** Channels of a group share their statistics: they go together. */
  GroupNormalization: ({ in: [x], attrs }) => {
    const each = x.shape[1] / attrs.num_groups;
    const together = indexPairs(
      x.shape[1],
      (k) => k - (k % each),
      (k) => k,
    );
    const group = tie(inputEnd(0, 1), inputEnd(0, 1), together);
    return { why, ties: [...sameAxes(x, (i) => i < 2), group, ...vectors(2)], affine: [1, 2] };
  },
  RMSNormalization: (site) => overChannels(site, { factors: [1] }),
  LpNormalization: ({ in: [x], attrs }) => {
    const axis = axisOf(attrs.axis, x.shape.length);
    return { why, ties: sameAxes(x, (i) => i !== axis) };
  },
  MeanVarianceNormalization: ({ in: [x], attrs }) => {
    const axes = axesOf(attrs.axes, x.shape.length);
    return { why, ties: sameAxes(x, (i) => !axes.includes(i)) };
  },
  LRN: ({ in: [x] }) => ({ why: "normalizes over neighbours on this axis", ties: sameAxes(x, (i) => i !== 1) }),
};
