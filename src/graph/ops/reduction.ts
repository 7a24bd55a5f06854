/** Reductions, softmax and searches along axes. `axes` is an attribute in canonical form; absent = all. */
import { axesOf, axisOf, int, ints, multi, op } from "../op.ts";

const reduce = op(1, { axes: ints(), keepdims: int(1) }, ([x], { axes, keepdims }) => {
  const gone = new Set(axesOf(axes ?? x.shape.map((_, i) => i), x.shape.length));
  const shape = x.shape.flatMap((d, i) => (!gone.has(i) ? [d] : keepdims ? [1] : []));
  return { dtype: x.dtype, shape };
});
const arg = op(1, { axis: int(0), keepdims: int(1), select_last_index: int(0) }, ([x], { axis, keepdims }) => {
  const a = axisOf(axis, x.shape.length);
  return { dtype: "int64", shape: x.shape.flatMap((d, i) => (i !== a ? [d] : keepdims ? [1] : [])) };
});
const softmax = op(1, { axis: int(-1) }, ([x]) => x);

export const reductionOps = {
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
  ArgMax: arg,
  ArgMin: arg,
  LogSoftmax: softmax,
  Softmax: softmax,
  CumSum: op(1, { axis: int(0), exclusive: int(0), reverse: int(0) }, ([x]) => x, { since: 11 }),
  /** Outputs: values and indices (int64). */
  TopK: multi(
    1,
    { k: int(), axis: int(-1), largest: int(1), sorted: int(1) },
    ([x], { k, axis }) => {
      const a = axisOf(axis, x.shape.length);
      const shape = x.shape.map((d, i) => (i === a ? k : d));
      return [
        { dtype: x.dtype, shape },
        { dtype: "int64", shape },
      ];
    },
    { everyOutput: true },
  ),
};
