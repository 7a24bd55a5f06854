/** Reductions, softmax and searches: the axes they work over are mixed. */
import { axesOf, axisOf } from "../../graph/op.ts";
import { mix } from "../mix.ts";
import type { Call, ProofRules } from "./rule.ts";

interface Reducing {
  readonly axes: readonly number[] | undefined;
  readonly keepdims: number;
}
interface Along {
  readonly axis: number;
}

const reduce = (f?: (x: number, count: number) => number, selects = false) =>
  mix<Reducing>({
    axes: ({ attrs, inputs: [x] }) => axesOf(attrs.axes ?? x!.shape.map((_, i) => i), x!.shape.length),
    keeps: ({ keepdims }) => keepdims === 1,
    of: f && (() => f),
    selects,
  });

const axis = ({ attrs, inputs: [x] }: Call<Along>) => [axisOf(attrs.axis, x!.shape.length)];
const along = mix<Along>({ axes: axis });
const search = mix<Along & { readonly keepdims: number }>({ axes: axis, keeps: ({ keepdims }) => keepdims !== 0 });

export const reductionProofs: ProofRules<"reduction"> = {
  ReduceMean: reduce((x) => x),
  ReduceMax: reduce((x) => x, true),
  ReduceMin: reduce((x) => x, true),
  ReduceSum: reduce((x, n) => n * x),
  ReduceL1: reduce((x, n) => n * Math.abs(x)),
  ReduceL2: reduce((x, n) => Math.sqrt(n) * Math.abs(x)),
  ReduceSumSquare: reduce((x, n) => n * x * x),
  ReduceLogSum: reduce(),
  ReduceLogSumExp: reduce(),
  ReduceProd: reduce(),
  ArgMax: search,
  ArgMin: search,
  TopK: along,
  Softmax: along,
  LogSoftmax: along,
  CumSum: along,
};
