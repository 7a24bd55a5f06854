/** Reductions of a channel over other axes, softmax and searches. */
import { size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { opaque, plain, type ShrinkRules } from "./rule.ts";

interface Reduced {
  readonly in: readonly [Value];
  readonly out: Value;
}

/** @param f of the constant, and of how many elements each result is made */
const over = (f: (x: number, count: number) => number) => ({
  ...plain,
  fold: {
    along: ({ in: [x], out }: Reduced) => {
      const count = size(x.shape) / size(out.shape);
      return (c: number) => f(c, count);
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
  ReduceMean: moved,
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
