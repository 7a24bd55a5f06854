/** Reductions, softmax and searches: the axes they work over are mixed, the others pass. */
import { axesOf } from "../../graph/op.ts";
import type { OpName } from "../../graph/ops/index.ts";
import { input, output, type Rule, type RuleNode, type Tie, tie } from "./rule.ts";

/** Ties of the axes that are not `gone`; those disappear from the output unless `keep`. */
function remaining(node: RuleNode, gone: readonly number[], keep: boolean): Tie[] {
  let next = 0;
  return node.inputs[0]!.shape.flatMap((_, i) => {
    if (gone.includes(i)) {
      if (keep) next++;
      return [];
    }
    const to = next++;
    return node.outputs.flatMap((o, at) => (o ? [tie(input(0, i), output(to, at))] : []));
  });
}

const reduce: Rule = (node) => {
  const { shape } = node.inputs[0]!;
  const gone = axesOf((node.attrs.axes as number[] | undefined) ?? shape.map((_, i) => i), shape.length);
  return { why: "reduces over this axis", ties: remaining(node, gone, node.attrs.keepdims === 1) };
};

const search: Rule = (node) => ({
  why: "searches along this axis",
  ties: remaining(node, axesOf([node.attrs.axis as number], node.inputs[0]!.shape.length), node.attrs.keepdims !== 0),
});

const along =
  (why: string): Rule =>
  (node) => ({ why, ties: remaining(node, axesOf([node.attrs.axis as number], node.inputs[0]!.shape.length), true) });

export const reduction = {
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceLogSum: reduce,
  ReduceLogSumExp: reduce,
  ReduceMax: reduce,
  ReduceMean: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceSum: reduce,
  ReduceSumSquare: reduce,
  ArgMax: search,
  ArgMin: search,
  TopK: search,
  LogSoftmax: along("normalizes over this axis"),
  Softmax: along("normalizes over this axis"),
  CumSum: along("adds up along this axis"),
} satisfies Partial<Record<OpName, Rule>>;
