/** Reductions of a channel over other axes, softmax and searches. */
import { axesOf } from "../../graph/op.ts";
import { size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { meanOfAll } from "./means.ts";
import { opaque, plain, type ShrinkRules } from "./rule.ts";

interface Reduced {
  readonly in: readonly [Value];
  readonly out: Value;
  readonly attrs: { readonly axes: readonly number[] | undefined };
}

/** Whether the first axis, the batch, is reduced too: the number of elements is another for every batch size then. */
const overBatch = ({ in: [x], attrs }: Reduced) =>
  axesOf(attrs.axes ?? x.shape.map((_, i) => i), x.shape.length).includes(0);

/** @param f of the constant, and of how many elements each result is made; NaN where that is not known */
const over = (f: (x: number, count: number) => number) => ({
  ...plain,
  fold: {
    along: (site: Reduced) => {
      const count = overBatch(site) ? Number.NaN : size(site.in[0].shape) / size(site.out.shape);
      return (c: number) => (c === 0 ? 0 : f(c, count));
    },
  },
});
const moved = over((x) => x);
const rounds = opaque("rounds in float32 what float64 does not");
const position = opaque("gives positions, not values");
const shares = opaque("depends on all that it normalizes over");

export const reductionShrinking: ShrinkRules<"reduction"> = {
  ReduceL1: over((x, count) => Math.abs(x) * count),
  ReduceL2: over((x, count) => Math.abs(x) * Math.sqrt(count)),
  ReduceLogSum: rounds,
  ReduceLogSumExp: rounds,
  ReduceMax: moved,
  ReduceMean: { ...moved, cut: { instead: { nodes: 2, of: meanOfAll } } },
  ReduceMin: moved,
  ReduceProd: rounds,
  ReduceSum: over((x, count) => x * count),
  ReduceSumSquare: over((x, count) => x * x * count),
  ArgMax: position,
  ArgMin: position,
  LogSoftmax: shares,
  Softmax: shares,
  CumSum: opaque("makes another number of every position"),
  TopK: position,
};
