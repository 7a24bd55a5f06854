/** Reductions, softmax and searches: the axes they work over are mixed, the others pass. */
import { axesOf } from "../../graph/op.ts";
import type { Value } from "../../graph/types.ts";
import { type AxesRules, type Flow, inputEnd, outputEnd, type Tie, tie } from "./rule.ts";

/** Ties of the axes that are not `gone`; those disappear from the outputs unless `keep`. */
function remaining(
  { shape }: Value,
  gone: readonly number[],
  keep: boolean,
  outputs: readonly unknown[] = [undefined],
): Tie[] {
  let next = 0;
  return shape.flatMap((_, i) => {
    if (gone.includes(i)) {
      if (keep) next++;
      return [];
    }
    const to = next++;
    return outputs.flatMap((o, at) => (o === null ? [] : [tie(inputEnd(0, i), outputEnd(to, at))]));
  });
}

interface Reduction {
  readonly in: readonly [Value];
  readonly attrs: { readonly axes?: readonly number[]; readonly keepdims: number };
}
const reduce = ({ in: [x], attrs: { axes, keepdims } }: Reduction): Flow => {
  const gone = axesOf(axes ?? x.shape.map((_, i) => i), x.shape.length);
  return { why: "reduces over this axis", ties: remaining(x, gone, keepdims === 1) };
};

/** Zeros add nothing, so one axis may lose them; of several axes nobody says how many elements each has at other sizes. */
const sum = (site: Reduction): Flow => {
  const { ties, why } = reduce(site);
  const [x] = site.in;
  const gone = axesOf(site.attrs.axes ?? x.shape.map((_, i) => i), x.shape.length);
  return { ties, why, ...(gone.length === 1 && { sums: [inputEnd(0, gone[0])] }) };
};

interface Search {
  readonly in: readonly [Value];
  readonly attrs: { readonly axis: number; readonly keepdims: number };
}
const search = ({ in: [x], attrs: { axis, keepdims } }: Search): Flow => ({
  why: "searches along this axis",
  ties: remaining(x, axesOf([axis], x.shape.length), keepdims !== 0),
});

interface Along {
  readonly in: readonly [Value];
  readonly attrs: { readonly axis: number };
}
const along =
  (why: string) =>
  ({ in: [x], attrs: { axis } }: Along): Flow => ({ why, ties: remaining(x, axesOf([axis], x.shape.length), true) });

export const reductionAxes: AxesRules<"reduction"> = {
  ReduceL1: sum,
  ReduceL2: sum,
  ReduceLogSum: reduce,
  ReduceLogSumExp: reduce,
  ReduceMax: reduce,
  ReduceMean: sum,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceSum: sum,
  ReduceSumSquare: sum,
  ArgMax: search,
  ArgMin: search,
  LogSoftmax: along("normalizes over this axis"),
  Softmax: along("normalizes over this axis"),
  CumSum: along("adds up along this axis"),
  TopK: ({ in: [x], out, attrs: { axis } }) => ({
    why: "searches along this axis",
    ties: remaining(x, axesOf([axis], x.shape.length), true, out),
  }),
};
