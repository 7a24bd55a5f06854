/** Reductions, softmax and searches along axes. `axes` is an attribute in canonical form; absent = all. */
import { axesOf, axisOf, flag, int, ints, multi, op, reject, type Type } from "../op.ts";

const reduce = op(1, { axes: ints(), keepdims: flag(1) }, ([x], { axes, keepdims }) => {
  const gone = new Set(axesOf(axes ?? x.shape.map((_, i) => i), x.shape.length));
  const shape = x.shape.flatMap((d, i) => (!gone.has(i) ? [d] : keepdims ? [1] : []));
  return { dtype: x.dtype, shape };
});
const arg = op(1, { axis: int(0), keepdims: flag(1), select_last_index: flag(0) }, ([x], { axis, keepdims }) => {
  const a = axisOf(axis, x.shape.length);
  return { dtype: "int64", shape: x.shape.flatMap((d, i) => (i !== a ? [d] : keepdims ? [1] : [])) };
});
/** What keeps the shape and works along one axis. */
const alongAxis = ([x]: readonly Type[], { axis }: { readonly axis: number }): Type => {
  axisOf(axis, x.shape.length);
  return x;
};
const softmax = op(1, { axis: int(-1) }, alongAxis, { shares: true });

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
  CumSum: op(1, { axis: int(0), exclusive: flag(0), reverse: flag(0) }, alongAxis, { since: 11 }),
  /** Outputs: values and indices (int64). */
  TopK: multi(
    1,
    { k: int(), axis: int(-1), largest: flag(1), sorted: flag(1) },
    ([x], { k, axis }) => {
      const a = axisOf(axis, x.shape.length);
      if (!(k >= 0 && k <= x.shape[a]))
        reject("k is beyond the axis", `k ${k}, axis ${a} of [${x.shape}]`, `0 to ${x.shape[a]}`);
      const shape = x.shape.map((d, i) => (i === a ? k : d));
      return [
        { dtype: x.dtype, shape },
        { dtype: "int64", shape },
      ];
    },
    { everyOutput: true },
  ),
};
