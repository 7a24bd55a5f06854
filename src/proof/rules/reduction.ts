/** Reductions, softmax and searches: the axes they work over are mixed. */
import { heldBy } from "../../graph/nodes.ts";
import { axesOf, axisOf } from "../../graph/op.ts";
import { size } from "../../graph/tensor.ts";
import type { Node } from "../../graph/types.ts";
import { mix } from "../mix.ts";
import { adding } from "../sums.ts";
import type { Call, Making, ProofRules } from "./rule.ts";

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

/** How many elements are added up for each of the result. */
const over = ({ inputs: [x], outputs: [y] }: Pick<Node, "inputs" | "outputs">) => size(x!.shape) / size(y!.shape);

/** How many a mean is over; undefined for any other node. */
const countOf = (node: Node) => (node.op === "ReduceMean" ? over(node) : undefined);

/** What a sum is divided by; undefined for any other node. */
function sumOverCount({ op, inputs: [sum, count] }: Node, made: Making): number | undefined {
  const [adds, held] = [made(sum), made(count)];
  const by = held && heldBy(held);
  return op === "Div" && adds?.op === "ReduceSum" && by?.data.length === 1 ? Number(by.data[0]) : undefined;
}

const axis = ({ attrs, inputs: [x] }: Call<Along>) => [axisOf(attrs.axis, x!.shape.length)];
const along = mix<Along>({ axes: axis });
const search = mix<Along & { readonly keepdims: number }>({ axes: axis, keeps: ({ keepdims }) => keepdims !== 0 });

export const reductionProofs: ProofRules<"reduction"> = {
  ReduceMean: {
    ...adding(reduce((x) => x)),
    dividesByAll: (call, small, made) => countOf(small) === over(call) || sumOverCount(small, made) === over(call),
  },
  ReduceMax: reduce((x) => x, true),
  ReduceMin: reduce((x) => x, true),
  ReduceSum: adding(reduce((x, n) => n * x)),
  ReduceL1: adding(reduce((x, n) => n * Math.abs(x))),
  ReduceL2: adding(reduce((x, n) => Math.sqrt(n) * Math.abs(x))),
  ReduceSumSquare: adding(reduce((x, n) => n * x * x)),
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
