/**
 * Every rule against central differences along one random direction. The loss is Σ rᵢ·yᵢ with random r, summed in
 * float64. Graphs are float64 with step 1e-6 and tolerance 1e-6; where the CPU has no float64 kernel, float32 with step
 * 0.02 and tolerance 3e-3 of the gradient's norm. Inputs keep their distance from kinks and ties; those have fixtures.
 */
import { describe, expect, test } from "vitest";
import { load } from "../../../test/fixtures/autodiff/run.ts";
import { builder } from "../../graph/builder.ts";
import type { OpAttrs } from "../../graph/ops/index.ts";
import { arrayOf, i64, size, tensor } from "../../graph/tensor.ts";
import type { Attrs, Shape, Tensor, Value } from "../../graph/types.ts";
import { Random } from "../../math/random.ts";
import { backward } from "../backward.ts";
import type { Differentiable } from "./rule.ts";

/** An input to differentiate: its shape, and how its elements are drawn. */
interface Drawn {
  readonly shape: Shape;
  readonly draw: (random: Random, n: number) => number[];
}
interface Case<K extends Differentiable = Differentiable> {
  /** A tensor is a constant of the graph; null an input that is absent. */
  readonly in: readonly (Drawn | Tensor | null)[];
  readonly attrs?: OpAttrs<K>;
  /** Why there is no float64: mostly the operator without such a kernel. */
  readonly single?: string;
}

const many = (n: number, f: () => number) => Array.from({ length: n }, f);
/** In ±[0.1, 2]. */
const any = (...shape: number[]): Drawn => ({
  shape,
  draw: (r, n) => many(n, () => (r.uniform() < 0.5 ? -1 : 1) * (0.1 + 1.9 * r.uniform())),
});
/** In [0.3, 2]. */
const positive = (...shape: number[]): Drawn => ({ shape, draw: (r, n) => many(n, () => 0.3 + 1.7 * r.uniform()) });
/** No two elements closer than 0.1. */
const distinct = (...shape: number[]): Drawn => ({
  shape,
  draw: (r, n) => Array.from(r.permutation(n), (p) => (p - n / 2) / 10 + 0.05),
});
const bools = (...x: number[]): Tensor => tensor("bool", [x.length], Uint8Array.from(x));

const unary: Case<"Abs">[] = [{ in: [any(2, 3)] }];
const binary: Case<"Add">[] = [
  { in: [any(2, 3), any(2, 3)] },
  { in: [any(2, 1, 3), any(4, 1)] },
  { in: [any(), any(3)] },
];
const reduced: Case<"ReduceSum">[] = [
  { in: [positive(2, 3, 4)], attrs: { axes: [1] } },
  { in: [positive(2, 3, 4)], attrs: { axes: [0, -1], keepdims: 0 } },
  { in: [positive(2, 3)] },
];
const along: Case<"Softmax">[] = [{ in: [any(2, 3, 4)] }, { in: [any(2, 3, 4)], attrs: { axis: 1 } }];
const noConv = "Conv";

const cases: { readonly [K in Differentiable]: readonly Case<K>[] } = {
  Abs: unary,
  Add: binary,
  AveragePool: [
    { in: [any(2, 3, 6, 4)], attrs: { kernel_shape: [3, 2], strides: [3, 2] }, single: "AveragePool" },
    { in: [any(2, 2, 7)], attrs: { kernel_shape: [3], strides: [2], pads: [1, 1] }, single: "AveragePool" },
    {
      in: [any(2, 2, 5, 6)],
      attrs: { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 0, 1], count_include_pad: 1 },
      single: "AveragePool",
    },
    {
      in: [any(1, 2, 6, 6)],
      attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 0, 0], ceil_mode: 1 },
      single: "AveragePool",
    },
    { in: [any(1, 2, 4, 3, 5)], attrs: { kernel_shape: [2, 2, 2] }, single: "AveragePool" },
    { in: [any(2, 3, 6)], attrs: { kernel_shape: [2], strides: [2] }, single: "AveragePool" },
  ],
  BatchNormalization: [
    { in: [any(2, 3, 4, 2), any(3), any(3), any(3), positive(3)] },
    { in: [any(4, 3), any(3), any(3), any(3), positive(3)], attrs: { epsilon: 0.1 } },
  ],
  Cast: [{ in: [any(2, 3)], attrs: { to: "float64" }, single: "it would be no cast" }],
  Ceil: unary,
  Celu: [{ in: [any(2, 3)], attrs: { alpha: 1.5 }, single: "Celu" }],
  Clip: [
    { in: [any(3, 4)], attrs: { min: -0.55, max: 0.85 } },
    { in: [any(2, 3)], attrs: { max: 0.5 } },
    { in: [any(2, 3)] },
  ],
  Concat: [
    { in: [any(2, 3), any(2, 1), any(2, 2)], attrs: { axis: -1 } },
    { in: [any(2)], attrs: { axis: 0 } },
  ],
  Conv: [
    { in: [any(2, 3, 5, 6), any(4, 3, 3, 3), any(4)], single: noConv },
    { in: [any(2, 3, 5, 6), any(4, 3, 3, 3), null], attrs: { pads: [1, 1, 1, 1] }, single: noConv },
    {
      in: [any(2, 4, 6, 5), any(6, 2, 3, 2)],
      attrs: { group: 2, strides: [2, 1], pads: [0, 1, 2, 0] },
      single: noConv,
    },
    { in: [any(1, 4, 8, 7), any(4, 1, 3, 3)], attrs: { group: 4, dilations: [2, 1], strides: [1, 3] }, single: noConv },
    { in: [any(2, 3, 9), any(2, 3, 4)], attrs: { strides: [2], pads: [3, 1], dilations: [2] }, single: noConv },
    {
      in: [any(1, 2, 4, 3, 5), any(3, 2, 2, 3, 2)],
      attrs: { pads: [1, 1, 0, 0, 1, 1], strides: [1, 1, 2] },
      single: noConv,
    },
    { in: [any(2, 9, 4, 4), any(3, 9, 3, 3)], attrs: { pads: [1, 1, 1, 1] }, single: noConv },
    { in: [any(2, 9, 4, 4), any(3, 9, 3, 3)], attrs: { pads: [1, 0, 1, 2], strides: [2, 2] }, single: noConv },
    { in: [any(1, 8, 17, 18), any(2, 8, 3, 2)], attrs: { pads: [1, 0, 2, 1], dilations: [1, 2] }, single: noConv },
    { in: [any(2, 8, 17, 16), any(3, 8, 1, 1)], single: noConv },
    { in: [any(2, 3, 4, 4), any(3, 3, 1, 1)], attrs: { pads: [1, 1, 1, 1] }, single: noConv },
  ],
  ConvTranspose: [
    { in: [any(2, 3, 4, 5), any(3, 2, 3, 3), any(2)], single: noConv },
    {
      in: [any(2, 4, 4, 3), any(4, 3, 3, 2), null],
      attrs: { group: 2, strides: [2, 3], pads: [1, 0, 0, 1], output_padding: [1, 0] },
      single: noConv,
    },
    { in: [any(1, 2, 5), any(2, 3, 3)], attrs: { strides: [3], dilations: [2], output_padding: [2] }, single: noConv },
    { in: [any(1, 2, 3, 2, 3), any(2, 2, 2, 2, 2)], attrs: { strides: [2, 1, 2] }, single: noConv },
  ],
  Cos: unary,
  CumSum: [
    { in: [any(2, 4)], attrs: { axis: 1 } },
    { in: [any(3, 2)], attrs: { axis: 0, exclusive: 1 } },
    { in: [any(2, 4)], attrs: { axis: -1, reverse: 1 } },
  ],
  DepthToSpace: [
    { in: [any(2, 8, 2, 3)], attrs: { blocksize: 2 } },
    { in: [any(1, 8, 2, 3)], attrs: { blocksize: 2, mode: "CRD" } },
  ],
  Div: [{ in: [any(2, 3), positive(2, 3)] }, { in: [any(2, 1, 3), positive(4, 1)] }],
  Dropout: unary,
  Elu: [{ in: [any(2, 3)], attrs: { alpha: 0.7 }, single: "Elu" }],
  Erf: [{ in: [any(2, 3)], single: "Erf" }],
  Exp: unary,
  Expand: [
    { in: [any(3, 1)], attrs: { shape: [2, 3, 4] } },
    { in: [any(2, 3)], attrs: { shape: [1, 1] } },
  ],
  Flatten: [{ in: [any(2, 3, 4)], attrs: { axis: 2 } }],
  Floor: unary,
  Gather: [
    { in: [any(4, 3), i64([2, 0, -1])], attrs: { axis: 0 } },
    { in: [any(2, 5, 3), i64([1, 1, 4, 0, 1, -2], [2, 3])], attrs: { axis: 1 } },
    { in: [any(2, 3), i64([2, 1, 0])], attrs: { axis: -1 } },
    { in: [any(2, 3), i64([1], [])], attrs: { axis: 0 } },
  ],
  GatherElements: [{ in: [any(3, 3), i64([1, 1, 0, 2, -1, 0], [2, 3])], attrs: { axis: 0 } }],
  Gelu: [
    { in: [any(2, 3)], single: "Gelu" },
    { in: [any(2, 3)], attrs: { approximate: "tanh" }, single: "Gelu" },
  ],
  Gemm: [
    { in: [any(2, 3), any(3, 4), any(4)] },
    { in: [any(3, 2), any(3, 4), any(2, 1)], attrs: { transA: 1, alpha: 0.5, beta: 2 } },
    { in: [any(2, 3), any(4, 3), null], attrs: { transB: 1, alpha: -1 } },
    { in: [any(3, 2), any(4, 3), any()], attrs: { transA: 1, transB: 1 } },
  ],
  GlobalAveragePool: [{ in: [any(2, 3, 4, 2)], single: "GlobalAveragePool" }],
  GlobalMaxPool: [{ in: [distinct(2, 3, 4, 2)], single: "GlobalMaxPool" }],
  HardSigmoid: [{ in: [any(3, 4)], attrs: { alpha: 0.5, beta: 0.43 }, single: "HardSigmoid" }],
  HardSwish: [{ in: [any(2, 3)], single: "HardSwish" }],
  Identity: unary,
  InstanceNormalization: [{ in: [any(2, 3, 4, 2), any(3), any(3)], single: "InstanceNormalization" }],
  LayerNormalization: [
    { in: [any(2, 3, 4), any(4), any(4)] },
    { in: [any(2, 3, 4), any(3, 4), null], attrs: { axis: 1, epsilon: 0.1 } },
  ],
  LeakyRelu: [{ in: [any(2, 3)], attrs: { alpha: 0.3 } }],
  Log: [{ in: [positive(2, 3)] }],
  LogSoftmax: along,
  MatMul: [
    { in: [any(2, 3), any(3, 4)] },
    { in: [any(2, 2, 3), any(3, 4)] },
    { in: [any(2, 1, 2, 3), any(5, 3, 4)] },
    { in: [any(2, 3), any(5, 3, 4)] },
    { in: [any(3), any(3)] },
    { in: [any(3), any(2, 3, 4)] },
    { in: [any(5, 2, 3), any(3)] },
  ],
  Max: [{ in: [any(2, 3), any(3), any(2, 1)] }],
  MaxPool: [
    { in: [distinct(2, 2, 4, 6)], attrs: { kernel_shape: [2, 3], strides: [2, 3] }, single: noConv },
    {
      in: [distinct(1, 2, 6, 5)],
      attrs: { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] },
      single: noConv,
    },
    { in: [distinct(1, 2, 7, 7)], attrs: { kernel_shape: [2, 3], dilations: [3, 2], strides: [1, 2] }, single: noConv },
    { in: [distinct(1, 2, 6, 6)], attrs: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }, single: noConv },
    { in: [distinct(2, 2, 9)], attrs: { kernel_shape: [3] }, single: noConv },
    { in: [distinct(1, 1, 3, 4, 4)], attrs: { kernel_shape: [2, 2, 2], strides: [1, 2, 2] }, single: noConv },
    { in: [distinct(2, 2, 6)], attrs: { kernel_shape: [2], strides: [2] }, single: noConv },
  ],
  Mean: [{ in: [any(2, 3), any(3), any(2, 1)], single: "Mean" }],
  Min: [{ in: [any(2, 3), any(3)] }],
  Mish: [{ in: [any(2, 3)], single: "Mish" }],
  Mod: [{ in: [any(2, 3), positive(3)], attrs: { fmod: 1 } }],
  Mul: binary,
  Neg: unary,
  PRelu: [{ in: [any(2, 3, 2), any(3, 1)] }],
  Pad: [
    { in: [any(3, 4)], attrs: { pads: [1, 0, 2, 1], value: 3 } },
    { in: [any(3, 4)], attrs: { pads: [-1, 2, 0, -1] } },
    { in: [any(3, 4)], attrs: { pads: [2, 1, 1, 3], mode: "reflect" } },
    { in: [any(3, 4)], attrs: { pads: [2, 0, 1, 3], mode: "edge" } },
  ],
  Pow: [
    { in: [positive(2, 3), any(3)] },
    { in: [any(2, 3), tensor("float64", [], Float64Array.of(2))] },
    { in: [any(2, 3), i64([3], [])] },
  ],
  Reciprocal: [{ in: [positive(2, 3)] }],
  ReduceL1: [{ in: [any(2, 3, 4)], attrs: { axes: [1] } }],
  ReduceL2: reduced,
  ReduceLogSum: reduced,
  ReduceLogSumExp: reduced,
  ReduceMax: [{ in: [distinct(2, 3, 4)], attrs: { axes: [1] } }, { in: [distinct(2, 3)] }],
  ReduceMean: reduced,
  ReduceMin: [{ in: [distinct(2, 3, 4)], attrs: { axes: [0, 2], keepdims: 0 } }],
  ReduceProd: reduced,
  ReduceSum: reduced,
  ReduceSumSquare: reduced,
  Relu: unary,
  Reshape: [{ in: [any(2, 6)], attrs: { shape: [3, -1] } }],
  Round: unary,
  ScatterElements: [
    { in: [any(3, 3), i64([1, 2, 0, 0, -3, 2], [2, 3]), any(2, 3)], attrs: { axis: 0 } },
    { in: [any(3, 3), i64([1, 1, 0, 2, 2, 0], [2, 3]), any(2, 3)], attrs: { axis: 1, reduction: "add" } },
  ],
  ScatterND: [
    { in: [any(4, 3), i64([3, -3], [2, 1]), any(2, 3)] },
    { in: [any(2, 3, 2), i64([1, 2, 0, -1], [2, 2]), any(2, 2)], attrs: { reduction: "add" } },
  ],
  Selu: [{ in: [any(2, 3)], single: "Selu" }],
  Sigmoid: unary,
  Sign: unary,
  Sin: unary,
  Slice: [
    { in: [any(4, 5)], attrs: { starts: [1, 0], ends: [3, 5], axes: [0, 1] } },
    { in: [any(7, 3)], attrs: { starts: [1], ends: [7], axes: [0], steps: [3] } },
    { in: [any(3, 8)], attrs: { starts: [-2], ends: [-100], axes: [-1], steps: [-3] } },
    { in: [any(4)], attrs: { starts: [-1], ends: [-100], axes: [0], steps: [-1] } },
  ],
  Softmax: along,
  Softplus: [{ in: [any(2, 3)], single: "Softplus" }],
  Softsign: [{ in: [any(2, 3)], single: "Softsign" }],
  SpaceToDepth: [{ in: [any(1, 2, 4, 6)], attrs: { blocksize: 2 } }],
  Split: [{ in: [any(2, 6)], attrs: { axis: 1, split: [1, 3, 2] } }],
  Sqrt: [{ in: [positive(2, 3)] }],
  Squeeze: [{ in: [any(2, 1, 3, 1)], attrs: { axes: [1] } }],
  Sub: binary,
  Sum: [{ in: [any(2, 3), any(3), any(2, 1)] }],
  Tanh: unary,
  ThresholdedRelu: [{ in: [any(3, 4)], attrs: { alpha: 0.55 }, single: "ThresholdedRelu" }],
  Tile: [{ in: [any(2, 3)], attrs: { repeats: [2, 3] } }],
  TopK: [
    { in: [distinct(3, 5)], attrs: { k: 2 } },
    { in: [distinct(4, 3)], attrs: { k: 3, axis: 0, largest: 0 } },
  ],
  Transpose: [{ in: [any(2, 3, 4)], attrs: { perm: [2, 0, 1] } }],
  Unsqueeze: [{ in: [any(2, 3)], attrs: { axes: [0, 2] } }],
  Where: [{ in: [bools(1, 0, 1), any(2, 3), any(3)] }],
};

const isDrawn = (x: Drawn | Tensor | null): x is Drawn => x !== null && "draw" in x;
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((s, x, i) => s + x * b[i], 0);

async function worstError(op: Differentiable, c: Case): Promise<number> {
  const random = new Random(7, "verify");
  const dtype = c.single ? "float32" : "float64";
  const h = c.single ? 0.02 : 1e-6;
  const g = builder();
  const inputs = c.in.map((x, i) => (isDrawn(x) ? g.input(`x${i}`, dtype, x.shape) : x && g.constant(x)));
  const wrt = inputs.filter((v, i): v is Value => isDrawn(c.in[i]));
  const y = g.emit(op, inputs, c.attrs as Attrs)[0];
  g.output(y, "y");
  const r = Array.from({ length: size(y.shape) }, () => random.normal());
  const weights = g.constant(tensor(y.dtype, y.shape, new (arrayOf(y.dtype) as Float64ArrayConstructor)(r)));
  const gradients = backward(g, g.ReduceSum(g.Mul(y, weights), { keepdims: 0 }), wrt);
  wrt.forEach((v, i) => void g.output(gradients.get(v)!, `dx${i}`));

  const x = c.in.filter(isDrawn).map(({ shape, draw }) => draw(random, size(shape)));
  const step = x.map((list) => list.map(() => random.uniform() * 2 - 1));
  const at = (t: number) =>
    Object.fromEntries(
      wrt.map((v, i) => {
        const data = x[i].map((e, k) => e + t * step[i][k]);
        return [v.name, tensor(dtype, v.shape, new (arrayOf(dtype) as Float64ArrayConstructor)(data))];
      }),
    );
  const runnable = await load(g);
  const [here, ahead, behind] = [await runnable.run(at(0)), await runnable.run(at(h)), await runnable.run(at(-h))];
  await runnable.release();
  const numeric = (dot(ahead.y, r) - dot(behind.y, r)) / (2 * h);
  const analytic = wrt.reduce((s, _, i) => s + dot(here[`dx${i}`], step[i]), 0);
  const norm = Math.hypot(...wrt.flatMap((_, i) => here[`dx${i}`]));
  return Math.abs(numeric - analytic) / Math.max(1, norm) / (c.single ? 3e-3 : 1e-6);
}

describe("central differences", () => {
  for (const [op, list] of Object.entries(cases) as [Differentiable, readonly Case[]][])
    test(op, async () => {
      for (const [i, c] of list.entries()) expect(await worstError(op, c), `case ${i}`).toBeLessThan(1);
    });
});
