/**
 * Convolutions. In a grouped convolution every group must keep the same number of channels, so the i-th channels of all
 * groups are tied; a depthwise kernel is carried by its channel.
 */
import { type AxesRules, indexPairs, inputEnd, outputEnd, type Tie, tie, type Weight } from "./rule.ts";

const why = "slides over this axis";
const computed = "has a kernel that is computed, not stored";
const data = inputEnd(0, 1);
const made = outputEnd(1);
const batch = tie(inputEnd(0, 0), outputEnd(0));
const bias = tie(inputEnd(2, 0), made);

/** Channels (g, i) of all groups g, each with channel i of group 0. */
const acrossGroups = (end: typeof data, groups: number, n: number): Tie =>
  tie(
    end,
    end,
    indexPairs(
      groups * n,
      (k) => k % n,
      (k) => k,
    ),
  );

export const convolutionAxes: AxesRules<"convolution"> = {
  Conv: ({ in: [, w, b], attrs: { group: G } }, stored) => {
    if (!stored(1)) return { ties: [batch], why: computed };
    const [O, I, ...k] = w.shape; // I = channels per group
    const filters = tie(inputEnd(1, 0), made);
    const ties = [batch, filters, ...(b ? [bias] : [])];
    const weight: Omit<Weight, "view" | "reads" | "makes"> = { data, made, at: 1, carried: false };
    if (G === 1)
      return {
        why,
        ties: [...ties, tie(inputEnd(1, 1), data)],
        weight: { ...weight, view: [O, I, ...k], reads: [1], makes: [0] },
      };
    const M = O / G; // output channels per group
    if (I === 1) {
      const own = indexPairs(
        O,
        (o) => Math.floor(o / M),
        (o) => o,
      );
      return {
        why,
        ties: [...ties, tie(data, made, own)],
        weight: { ...weight, view: [G, M, ...k], reads: [0], makes: [0, 1], carried: true },
      };
    }
    const columns = indexPairs(
      G * I,
      (c) => c % I,
      (c) => c,
    );
    return {
      why,
      ties: [...ties, tie(inputEnd(1, 1), data, columns), acrossGroups(made, G, M)],
      weight: { ...weight, view: [G, M, I, ...k], reads: [0, 2], makes: [0, 1] },
    };
  },

  /** W [C, M/group, k…]: the first axis is read, the second made. */
  ConvTranspose: ({ in: [, w, b], attrs: { group: G } }, stored) => {
    if (!stored(1)) return { ties: [batch], why: computed };
    const [C, M, ...k] = w.shape; // M = output channels per group
    const ties = [batch, tie(inputEnd(1, 0), data), ...(b ? [bias] : [])];
    const weight: Omit<Weight, "view" | "reads" | "makes"> = { data, made, at: 1, carried: false };
    if (G === 1)
      return {
        why,
        ties: [...ties, tie(inputEnd(1, 1), made)],
        weight: { ...weight, view: [C, M, ...k], reads: [0], makes: [1] },
      };
    if (C === G) {
      const own = indexPairs(
        G * M,
        (o) => Math.floor(o / M),
        (o) => o,
      );
      return {
        why,
        ties: [...ties, tie(data, made, own)],
        weight: { ...weight, view: [G, M, ...k], reads: [0], makes: [0, 1], carried: true },
      };
    }
    const columns = indexPairs(
      G * M,
      (o) => o % M,
      (o) => o,
    );
    return {
      why,
      ties: [...ties, tie(inputEnd(1, 1), made, columns), acrossGroups(data, G, C / G)],
      weight: { ...weight, view: [G, C / G, M, ...k], reads: [0, 1], makes: [0, 2] },
    };
  },
};
