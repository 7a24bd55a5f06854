/** Pooling: works on each channel alone. */
import type { Value } from "../../graph/types.ts";
import { type AxesRules, type Flow, sameAxes } from "./rule.ts";

const perChannel = ({ in: [x] }: { in: readonly [Value] }): Flow => ({
  ties: sameAxes(x, (i) => i < 2),
  why: "slides over this axis",
});

export const poolingAxes: AxesRules<"pooling"> = {
  AveragePool: perChannel,
  GlobalAveragePool: perChannel,
  GlobalMaxPool: perChannel,
  /** Positions of the maxima count through all channels, so they change when a channel goes. */
  MaxPool: (site) =>
    site.out[1] ? { ties: [], why: "returns positions that count through all channels" } : perChannel(site),
};
