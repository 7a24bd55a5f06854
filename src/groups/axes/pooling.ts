/** Pooling: works on each channel alone. */
import { size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { type AxesRules, type Flow, indexPairs, inputEnd, outputEnd, sameAxes, tie } from "./rule.ts";

const perChannel = ({ in: [x] }: { in: readonly [Value] }): Flow => ({
  ties: sameAxes(x, (i) => i < 2),
  why: "slides over this axis",
});

export const poolingAxes: AxesRules<"pooling"> = {
  AveragePool: perChannel,
  GlobalAveragePool: perChannel,
  GlobalMaxPool: perChannel,
  GlobalLpPool: perChannel,
  LpPool: perChannel,
  /** Each channel of the image is made of one column per tap. */
  Col2Im: ({ in: [x], attrs: { block_shape } }) => {
    const taps = size(block_shape);
    const own = indexPairs(
      x.shape[1],
      (k) => k,
      (k) => Math.floor(k / taps),
    );
    return {
      why: "adds up over this axis",
      ties: [tie(inputEnd(0, 0), outputEnd(0)), tie(inputEnd(0, 1), outputEnd(1), own)],
    };
  },
  /** Positions of the maxima count through all channels, so they change when a channel goes. */
  MaxPool: (site) =>
    site.out[1] ? { ties: [], why: "returns positions that count through all channels" } : perChannel(site),
};
