/** The grid of shapes on which formulations are compared: operators that lower/ may compute otherwise, themselves or their gradients. */
import type { Builder } from "../../src/graph/builder.ts";
import { cubeRoot } from "../../src/graph/emit.ts";
import { i64 } from "../../src/graph/tensor.ts";
import type { Attrs, Shape, Tensor, Value } from "../../src/graph/types.ts";

/** An operator that lower/ may compute otherwise, or its gradients. */
export interface FormulationCase {
  readonly op: string;
  /** Inputs to differentiate, by shape; a tensor is a constant. */
  readonly in: readonly (Shape | Tensor)[];
  readonly attrs?: Attrs;
  /** Of what the operator makes, a value without gradients that may be computed otherwise too. */
  readonly also?: (g: Builder, y: Value) => Value;
}
const of =
  (op: string) =>
  (x: Shape, attrs?: Attrs, ...further: readonly (Shape | Tensor)[]): FormulationCase => ({
    op,
    in: [x, ...further],
    attrs,
  });
const conv = (x: Shape, w: Shape, attrs?: Attrs, op = "Conv") => of(op)(x, attrs, w);
const transposed = (x: Shape, w: Shape, attrs?: Attrs) => conv(x, w, attrs, "ConvTranspose");

/** What batch normalization computes of y by channels, as `step/` means it: y·y, and a sum. */
function channels(g: Builder, y: Value): Value {
  const axes = [...y.shape.keys()].filter((i) => i !== 1);
  const dot = g.means(g.ReduceSum(g.Mul(y, y), { axes, keepdims: 0 }), "ChannelDot", [y, y], {});
  const [p, q] = [g.Mul(dot, 0.5), g.Add(dot, 1)];
  const spread = (v: Value) => g.Reshape(v, { shape: [1, v.shape[0], ...y.shape.slice(2).map(() => 1)] });
  const z = g.Mul(y, y);
  const sum = g.Add(g.Add(g.Mul(y, spread(p)), g.Mul(z, spread(q))), spread(dot));
  return g.means(sum, "ChannelSum", [y, z, p, q, dot], {});
}

/** Kernels, strides, pads, dilations and groups in every combination that fits, on small odd images. */
function* grid(): Generator<FormulationCase> {
  const kernels: Shape[] = ["11", "33", "23"].map((text) => [...text].map(Number));
  const paddings: Shape[] = ["0000", "1111", "1021"].map((text) => [...text].map(Number));
  let i = 0;
  for (const kernel_shape of kernels)
    for (const pads of paddings)
      for (const stride of [1, 2])
        for (const dilation of [1, 2])
          for (const group of [1, 2]) {
            const [n, height, width] = [1 + 2 * (i % 2), 4 + (i % 3), 5];
            i++;
            const attrs = { kernel_shape, pads, group, strides: [stride, stride], dilations: [dilation, 1] };
            if (height + pads[0] + pads[2] > dilation * (kernel_shape[0] - 1))
              yield conv([n, 4, height, width], [6, 4 / group, ...kernel_shape], attrs);
          }
}

const pools = (op: string): FormulationCase[] => [
  of(op)([2, 3, 4, 6], { kernel_shape: [2, 3], strides: [2, 3] }),
  of(op)([1, 2, 5, 5], { kernel_shape: [1, 5], strides: [1, 5] }),
  of(op)([2, 3, 6], { kernel_shape: [2], strides: [2] }),
  of(op)([3, 1, 7, 7], { kernel_shape: [7, 7], strides: [7, 7] }),
  of(op)([1, 2, 6, 6], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 1, 1] }), // no tiles
  of(op)([1, 2, 8, 96], { kernel_shape: [8, 8], strides: [8, 8] }), // tiles 768 elements long
];

export const formulationCases: Readonly<Record<string, readonly FormulationCase[]>> = {
  "convolution, a grid": [...grid()],
  "convolution, corners": [
    conv([2, 5, 9], [3, 5, 4], { strides: [2], pads: [3, 1], dilations: [2] }),
    conv([1, 2, 4, 3, 5], [3, 2, 2, 3, 2], { pads: [1, 1, 0, 0, 1, 1], strides: [1, 1, 2] }),
    conv([2, 9, 17, 18], [2, 9, 3, 2], { pads: [1, 0, 2, 1], dilations: [1, 2] }),
    conv([2, 9, 17, 16], [3, 9, 1, 1]),
    conv([2, 4, 7, 7], [4, 1, 3, 3], { group: 4 }),
    conv([2, 3, 2, 2], [4, 3, 2, 2]), // one position
    of("Conv")([2, 32, 5, 4], { pads: [1, 1, 1, 1] }, [16, 32, 3, 3], [16]),
    conv([1, 16, 7, 7], [32, 16, 3, 2], { pads: [1, 0, 2, 1], dilations: [2, 1] }),
    conv([2, 32, 5, 4], [32, 1, 3, 3], { group: 32, pads: [1, 1, 1, 1] }),
    conv([1, 16, 7, 6], [16, 1, 3, 2], { group: 16, pads: [1, 0, 2, 1], dilations: [2, 1] }),
    conv([3, 16, 8, 7], [16, 1, 3, 3], { group: 16, pads: [1, 1, 1, 1], strides: [2, 2] }),
    conv([2, 16, 9, 8], [16, 1, 3, 2], { group: 16, pads: [1, 0, 0, 1], strides: [3, 2], dilations: [1, 2] }),
    conv([1, 16, 3, 132], [16, 1, 3, 3], { group: 16, pads: [1, 1, 1, 1], strides: [2, 2] }), // rows of Y longer than 64
    conv([2, 32, 4, 4], [32, 32, 1, 1]),
    conv([3, 9, 5, 6], [12, 9, 1, 1]),
    conv([1, 12, 6, 5], [9, 12, 1, 1]),
    conv([2, 6, 5], [4, 6, 1]),
    transposed([2, 3, 4, 5], [3, 2, 3, 3]),
    transposed([1, 4, 4, 3], [4, 3, 3, 2], { group: 2, strides: [2, 3], pads: [1, 0, 0, 1], output_padding: [1, 0] }),
    transposed([1, 9, 5], [9, 3, 3], { strides: [3], dilations: [2], output_padding: [2] }),
  ],
  pooling: [...pools("MaxPool"), ...pools("AveragePool")],
  movement: [
    of("Gather")([4, 3], { axis: 0 }, i64([2, 0, -1])),
    of("Gather")([3, 5], { axis: 1 }, i64([3, 1, 4, 0, 2])),
    of("Gather")([2, 5, 3], { axis: 1 }, i64([1, 1, 4, 0, 1, -2], [2, 3])),
    of("Gather")([2, 3], { axis: 0 }, i64([1], [])),
    of("Pad")([3, 4], { pads: [2, 1, 1, 3], mode: "reflect" }),
  ],
  normalization: [
    ...[
      [2, 3, 4, 5],
      [1, 2, 17, 16],
      [3, 4, 6],
      [4, 3],
    ].map((shape) => ({ ...of("Neg")(shape), also: channels })),
  ],
  elementwise: [of("Relu")([2, 3, 5]), { ...of("Neg")([3, 7]), also: (g, y) => cubeRoot(g, g.Mul(y, y)) }],
};
