/** The steps of which random networks are made: each takes one value further, by operators that are legal there. */

import { i64 } from "../../src/graph/tensor.ts";
import type { Value } from "../../src/graph/types.ts";
import { chance, pick } from "../mutate/pick.ts";
import type { Net } from "./net.ts";

/** @returns undefined where it cannot be applied */
type Move = (n: Net, x: Value) => Value | undefined;

const image =
  (move: (n: Net, x: Value) => Value | undefined): Move =>
  (n, x) =>
    x.shape.length === 4 ? move(n, x) : undefined;
const atRank =
  (least: number, move: (n: Net, x: Value) => Value | undefined): Move =>
  (n, x) =>
    x.shape.length >= least ? move(n, x) : undefined;
/** ONNX Runtime (1.30) takes a Pad into the pooling behind it, and refuses what it made when the kernel is no larger than the pads. */
const pooling = (move: Move): Move => image((n, x) => (n.isPadded(x) ? undefined : move(n, x)));
const divisors = (d: number): number[] => Array.from({ length: d }, (_, i) => i + 1).filter((k) => d % k === 0);

/** Window over the two spatial axes that fits; undefined where none does. */
function windowOf(n: Net, [, , h, w]: readonly number[]) {
  const pad = n.between(0, 1);
  const kernel_shape = [h, w].map((d) => n.between(1, Math.min(3, d)));
  const dilations = [h, w].map((d, i) => (chance(n.random, 0.2) && 2 * (kernel_shape[i] - 1) + 1 <= d ? 2 : 1));
  const pads = kernel_shape.map((k) => Math.min(pad, k - 1)); // no window lies in the padding alone
  return { kernel_shape, dilations, strides: [n.between(1, 2), n.between(1, 2)], pads: [...pads, ...pads] };
}

/**
 * Rounded up or not. Not where the last window would start beyond the input: ONNX's own inference, by which the runtime (1.30) loads a
 * model, counts that window, and its kernels do not make it.
 */
function rounding(n: Net, [, , ...spatial]: readonly number[], w: ReturnType<typeof windowOf>): number {
  const beyond = spatial.some((d, i) => {
    const span = w.dilations[i] * (w.kernel_shape[i] - 1) + 1;
    return Math.ceil((d + 2 * w.pads[i] - span) / w.strides[i]) * w.strides[i] >= d + w.pads[i];
  });
  return beyond ? 0 : n.between(0, 1);
}

const UNARY = [
  "Relu",
  "LeakyRelu",
  "Sigmoid",
  "Tanh",
  "Softplus",
  "Elu",
  "Erf",
  "Gelu",
  "HardSwish",
  "Neg",
  "Abs",
  "Softsign",
  "Selu",
  "Identity",
  "Sin",
  "Cos",
] as const;
const REDUCTIONS = [
  "ReduceMean",
  "ReduceSum",
  "ReduceMax",
  "ReduceMin",
  "ReduceL2",
  "ReduceLogSumExp",
  "ReduceSumSquare",
] as const;

/** Moves whose values hardly move when their inputs do: what two runtimes compute may be compared. */
export const moves = {
  conv: image((n, x) => {
    const C = x.shape[1];
    const group = chance(n.random, 0.3) ? pick(n.random, divisors(C)) : 1;
    const O = group * n.between(1, group > 2 ? 1 : 4);
    const { kernel_shape, ...rest } = windowOf(n, x.shape);
    return n.g.Conv(x, n.weight(O, C / group, ...kernel_shape), chance(n.random, 0.6) ? n.weight(O) : null, {
      ...rest,
      kernel_shape,
      group,
    });
  }),
  convTranspose: image((n, x) => {
    const C = x.shape[1];
    const group = chance(n.random, 0.3) ? pick(n.random, divisors(C)) : 1;
    const O = n.between(1, 3);
    const k = n.between(1, 3);
    return n.g.ConvTranspose(x, n.weight(C, O, k, k), chance(n.random, 0.5) ? n.weight(O * group) : null, {
      strides: [n.between(1, 2), 1],
      group,
    });
  }),
  batchNorm: atRank(2, (n, x) => {
    const C = x.shape[1];
    return n.g.BatchNormalization(x, n.positive(C), n.weight(C), n.weight(C), n.positive(C));
  }),
  instanceNorm: image((n, x) =>
    x.shape[2] * x.shape[3] > 2
      ? n.g.InstanceNormalization(x, n.positive(x.shape[1]), n.weight(x.shape[1]))
      : undefined,
  ),
  layerNorm: atRank(2, (n, x) => {
    const d = x.shape.at(-1)!;
    return d > 2 ? n.g.LayerNormalization(x, n.positive(d), n.weight(d)) : undefined;
  }),
  maxPool: pooling((n, x) => {
    const window = windowOf(n, x.shape);
    return n.g.MaxPool(x, { ...window, ceil_mode: rounding(n, x.shape, window) })[0];
  }),
  averagePool: pooling((n, x) => {
    const { dilations: _, ...window } = windowOf(n, x.shape); // opset 19 brought them
    return n.g.AveragePool(x, { ...window, count_include_pad: n.between(0, 1) });
  }),
  globalPool: image((n, x) => (chance(n.random, 0.5) ? n.g.GlobalAveragePool(x) : n.g.GlobalMaxPool(x))),
  depthToSpace: image((n, x) =>
    x.shape[1] % 4 === 0 ? n.g.DepthToSpace(x, { blocksize: 2, mode: pick(n.random, ["DCR", "CRD"]) }) : undefined,
  ),
  spaceToDepth: image((n, x) =>
    x.shape[2] % 2 === 0 && x.shape[3] % 2 === 0 ? n.g.SpaceToDepth(x, { blocksize: 2 }) : undefined,
  ),
  pad: atRank(2, (n, x) => {
    const edges = () => x.shape.map((_, i) => (i === 0 ? 0 : n.between(0, 1)));
    return n.g.Pad(x, {
      pads: [...edges(), ...edges()],
      value: pick(n.random, [0, 0, 0.5]),
      mode: pick(n.random, ["constant", "constant", "edge"]),
    });
  }),
  unary: (n, x) => n.g.emit(pick(n.random, UNARY), [x])[0],
  clip: (n, x) => n.g.Clip(x, { min: -0.7, max: 1.1 }),
  prelu: atRank(2, (n, x) => n.g.PRelu(x, n.weight(x.shape[1], ...x.shape.slice(2).map(() => 1)))),
  dropout: (n, x) => n.g.Dropout(x, { ratio: 0.3 }),
  scale: atRank(2, (n, x) =>
    n.g.Mul(
      x,
      chance(n.random, 0.5) ? n.weight(x.shape[1], ...x.shape.slice(2).map(() => 1)) : n.weight(x.shape.at(-1)!),
    ),
  ),
  shift: atRank(2, (n, x) =>
    n.g.Add(
      x,
      chance(n.random, 0.5) ? n.weight(x.shape[1], ...x.shape.slice(2).map(() => 1)) : n.weight(x.shape.at(-1)!),
    ),
  ),
  meet: atRank(2, (n, x) => n.g.emit(pick(n.random, ["Add", "Add", "Sub", "Mul", "Max", "Min"]), [x, n.partner(x)])[0]),
  divide: (n, x) => n.g.Div(x, n.g.Add(n.g.Abs(n.partner(x)), n.g.scalar(1, n.dtype))),
  where: (n, x) => n.g.Where(n.g.Greater(x, n.g.scalar(0, n.dtype)), x, n.g.Mul(x, n.g.scalar(0.2, n.dtype))),
  dense: (n, x) => {
    if (x.shape.length !== 2) return undefined;
    const [O, I] = [n.between(1, 8), x.shape[1]];
    const bias = chance(n.random, 0.7) ? n.weight(O) : null;
    return chance(n.random, 0.7) ? n.g.Gemm(x, n.weight(O, I), bias, { transB: 1 }) : n.g.Gemm(x, n.weight(I, O), bias);
  },
  matMul: atRank(2, (n, x) => n.g.MatMul(x, n.weight(x.shape.at(-1)!, n.between(1, 6)))),
  attention: (n, x) => {
    if (x.shape.length !== 3) return undefined;
    const d = x.shape[2];
    const scores = n.g.MatMul(
      n.g.MatMul(x, n.weight(d, d)),
      n.g.Transpose(n.g.MatMul(x, n.weight(d, d)), { perm: [0, 2, 1] }),
    );
    return n.g.MatMul(n.g.Softmax(scores), n.g.MatMul(x, n.weight(d, d)));
  },
  softmax: atRank(2, (n, x) =>
    chance(n.random, 0.7) ? n.g.Softmax(x, { axis: n.axis(x) }) : n.g.LogSoftmax(x, { axis: n.axis(x) }),
  ),
  reduce: atRank(2, (n, x) => {
    const axes = x.shape.flatMap((_, i) => (i > 0 && chance(n.random, 0.4) ? [i] : []));
    return n.g.emit(pick(n.random, REDUCTIONS), [x], {
      axes: axes.length > 0 ? axes : [n.axis(x)],
      keepdims: n.between(0, 1),
    })[0];
  }),
  cumSum: atRank(2, (n, x) => n.g.CumSum(x, { axis: n.axis(x), reverse: n.between(0, 1), exclusive: n.between(0, 1) })),
  flatten: atRank(2, (n, x) => n.g.Flatten(x)),
  reshape: atRank(2, (n, x) => {
    const rest = x.shape.slice(1).reduce((a, b) => a * b, 1);
    const a = pick(n.random, divisors(rest));
    const b = pick(n.random, divisors(rest / a));
    return n.g.Reshape(x, {
      shape: pick(n.random, [
        [0, -1],
        [-1, rest],
        [0, a, -1],
        [0, a, b, -1],
        [-1, a, rest / a],
      ]),
    });
  }),
  transpose: atRank(3, (n, x) =>
    n.g.Transpose(x, { perm: [0, ...Array.from(n.random.permutation(x.shape.length - 1), (i) => i + 1)] }),
  ),
  squeeze: atRank(3, (n, x) => {
    const axes = x.shape.flatMap((d, i) => (i > 0 && d === 1 ? [i] : []));
    return axes.length > 0 ? n.g.Squeeze(x, { axes: [pick(n.random, axes)] }) : undefined;
  }),
  unsqueeze: (n, x) => (x.shape.length < 4 ? n.g.Unsqueeze(x, { axes: [n.between(1, x.shape.length)] }) : undefined),
  slice: atRank(2, (n, x) => {
    const a = n.axis(x);
    const start = n.random.int(x.shape[a]);
    return n.g.Slice(x, {
      starts: [start],
      ends: [n.between(start + 1, x.shape[a])],
      axes: [a],
      steps: [n.between(1, 2)],
    });
  }),
  reverse: atRank(2, (n, x) => n.g.Slice(x, { starts: [-1], ends: [-1000], axes: [n.axis(x)], steps: [-1] })),
  split: atRank(2, (n, x) => {
    const a = n.axis(x);
    if (x.shape[a] < 2) return undefined;
    const first = n.between(1, x.shape[a] - 1);
    const [p, q] = n.g.Split(x, { axis: a, split: [first, x.shape[a] - first] });
    n.values.push(q);
    return p;
  }),
  concat: atRank(2, (n, x) => {
    const a = n.axis(x);
    const fits = n.values.filter(
      (v) => v.shape.length === x.shape.length && v.shape.every((d, i) => i === a || d === x.shape[i]),
    );
    return n.g.Concat([x, pick(n.random, fits)], { axis: a });
  }),
  gather: atRank(2, (n, x) => {
    const a = n.axis(x);
    const indices = i64(Array.from({ length: n.between(1, 4) }, () => n.random.int(x.shape[a])));
    return n.g.Gather(x, n.g.constant(indices), { axis: a });
  }),
  tile: atRank(2, (n, x) => n.g.Tile(x, { repeats: x.shape.map((_, i) => (i === 0 ? 1 : n.between(1, 2))) })),
  expand: atRank(3, (n, x) => {
    const wide = x.shape.map((d, i) => (i === 0 ? 1 : d === 1 ? n.between(1, 3) : d));
    return n.g.Expand(x, { shape: wide });
  }),
} satisfies Readonly<Record<string, Move>>;

export type MoveName = keyof typeof moves;
