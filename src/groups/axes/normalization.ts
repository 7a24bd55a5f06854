/** Normalization: vectors go with the channel; an axis that is normalized over is mixed. */
import type { OpName } from "../../graph/ops/index.ts";
import { input, output, type Rule, tie } from "./rule.ts";

const why = "normalizes over this axis";
const vectors = (n: number) => Array.from({ length: n }, (_, i) => tie(input(i + 1, 0), output(1)));

const BatchNormalization: Rule = ({ inputs }) => ({
  ties: [...inputs[0]!.shape.map((_, i) => tie(input(0, i), output(i))), ...vectors(4)],
});

const InstanceNormalization: Rule = () => ({
  why,
  ties: [tie(input(0, 0), output(0)), tie(input(0, 1), output(1)), ...vectors(2)],
});

const LayerNormalization: Rule = ({ inputs, attrs }) => {
  const { length } = inputs[0]!.shape;
  const first = ((attrs.axis as number) + length) % length;
  return { why, ties: Array.from({ length: first }, (_, i) => tie(input(0, i), output(i))) };
};

export const normalization = {
  BatchNormalization,
  InstanceNormalization,
  LayerNormalization,
} satisfies Partial<Record<OpName, Rule>>;
