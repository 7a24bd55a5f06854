/** Convolutions. Zero padding, and the border of a transposed one, add less of a constant than the middle does. */
import type { Value } from "../../graph/types.ts";
import { type Masks, type ShrinkRules, stayCount } from "./rule.ts";

interface Grouped {
  readonly in: readonly [Value, Value, Value | null];
}

/** A depthwise convolution has as many groups as channels; others keep their groups. */
function cutGroup<A extends { readonly group: number }>({ in: [x] }: Grouped, attrs: A, masks: Masks): A {
  const channels = x.shape[1];
  const mask = masks("in", 0)[1];
  return mask && attrs.group === channels && channels > 1 ? { ...attrs, group: stayCount(mask) } : attrs;
}

export const convolutionShrinking: ShrinkRules<"convolution"> = {
  Conv: {
    fold: {
      weight: { uniform: ({ attrs: { pads } }) => pads.every((p) => p === 0) },
    },
    cut: { attrs: (site, masks) => cutGroup(site, site.attrs, masks) },
  },
  ConvTranspose: {
    fold: { weight: { uniform: () => false } },
    cut: { attrs: (site, masks) => cutGroup(site, site.attrs, masks) },
  },
};
