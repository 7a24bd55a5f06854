/** Pooling. */
import { plain, type ShrinkRules } from "./rule.ts";

const moved = { ...plain, fold: { along: () => (x: number) => x } };

const zeros = { ...plain, fold: { along: () => (x: number) => (x === 0 ? 0 : Number.NaN) } };

export const poolingShrinking: ShrinkRules<"pooling"> = {
  /** With the padding counted, windows at the border average zeros in. */
  AveragePool: {
    ...plain,
    fold: {
      along:
        ({ attrs: { pads, count_include_pad } }) =>
        (x) =>
          x === 0 || !count_include_pad || pads.every((p) => p === 0) ? x : Number.NaN,
    },
  },
  MaxPool: moved,
  GlobalAveragePool: moved,
  GlobalMaxPool: moved,
  // how many elements are added up depends on the place
  LpPool: zeros,
  GlobalLpPool: zeros,
  Col2Im: zeros,
};
