/** Reductions, softmax, and searches along axes. */
import type { Value } from "../../../src/graph/types.ts";
import { chance, pick } from "../../mutate/pick.ts";
import type { Net } from "../net.ts";
import { atRank, moveEach, type NetMoves } from "./move.ts";

const REDUCTIONS = [
  "ReduceMean",
  "ReduceSum",
  "ReduceMax",
  "ReduceMin",
  "ReduceL1",
  "ReduceL2",
  "ReduceLogSumExp",
  "ReduceSumSquare",
  "ReduceProd",
] as const;

/** Some axes, without the batch. */
function someAxes(n: Net, x: Value): number[] {
  const axes = x.shape.flatMap((_, i) => (i > 0 && chance(n.random, 0.4) ? [i] : []));
  return axes.length > 0 ? axes : [n.axis(x)];
}

export const reductionMoves = {
  ...moveEach(REDUCTIONS, (op) =>
    atRank(2, (n, x) => n.g.emit(op, [x], { axes: someAxes(n, x), keepdims: n.between(0, 1) })[0]),
  ),
  reduceLogSum: atRank(2, (n, x) =>
    n.g.ReduceLogSum(n.g.Add(n.g.Abs(x), 0.5), { axes: someAxes(n, x), keepdims: n.between(0, 1) }),
  ),
  softmax: atRank(2, (n, x) => n.g.Softmax(x, { axis: n.axis(x) })),
  logSoftmax: atRank(2, (n, x) => n.g.LogSoftmax(x, { axis: n.axis(x) })),
  cumSum: atRank(2, (n, x) => n.g.CumSum(x, { axis: n.axis(x), reverse: n.between(0, 1), exclusive: n.between(0, 1) })),
  topK: atRank(2, (n, x) => {
    const axis = n.axis(x);
    return n.g.TopK(x, { k: n.between(1, x.shape[axis]), axis, largest: n.between(0, 1) })[0];
  }),
  // places of the largest, of what has no rounding errors
  best: (n) => {
    const x = n.given();
    const axis = n.axis(x);
    const places = n.g.emit(pick(n.random, ["ArgMax", "ArgMin"]), [x], { axis, keepdims: n.between(0, 1) })[0];
    return n.g.Cast(places, { to: "float32" });
  },
  oneHot: (n) => {
    const x = n.given();
    const axis = n.axis(x);
    return n.g.OneHot(n.g.ArgMax(x, { axis, keepdims: 0 }), n.fixed([0, 1]), { depth: x.shape[axis] });
  },
} satisfies NetMoves;
