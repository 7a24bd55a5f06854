/** Pooling: works on each channel alone. */
import type { OpName } from "../../graph/ops/index.ts";
import { input, output, type Rule, tie } from "./rule.ts";

const perChannel: Rule = () => ({
  ties: [tie(input(0, 0), output(0)), tie(input(0, 1), output(1))],
  why: "slides over this axis",
});

/** Positions of the maxima count through all channels, so they change when a channel goes. */
const MaxPool: Rule = (node, stored) =>
  node.outputs[1] ? { ties: [], why: "returns positions that count through all channels" } : perChannel(node, stored);

export const pooling = {
  AveragePool: perChannel,
  GlobalAveragePool: perChannel,
  GlobalMaxPool: perChannel,
  MaxPool,
} satisfies Partial<Record<OpName, Rule>>;
