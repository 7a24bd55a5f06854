/** What ONNX forbids, operator by operator: each is refused by the shape rule, in words that name what is wrong. */
import { expect, test } from "vitest";
import { inferNode } from "../infer.ts";
import type { Attrs, DType, Shape } from "../types.ts";

const infer = (op: string, shapes: readonly Shape[], attrs: Attrs = {}, dtype: DType = "float32") =>
  inferNode(
    op,
    "",
    "n",
    shapes.map((shape) => ({ dtype, shape })),
    attrs,
  ).outputs.map((t) => t.shape);

const image: Shape = [2, 8, 5, 6];

const refused: readonly (readonly [op: string, shapes: readonly Shape[], attrs: Attrs, what: string])[] = [
  ["Squeeze", [[2, 3]], { axes: [0] }, "a dimension that goes is not 1"],
  ["Unsqueeze", [[3]], { axes: [0, -3] }, "an axis is given twice"],
  ["Unsqueeze", [[3]], { axes: [3] }, "axis out of range"],
  ["TopK", [[3, 4]], { k: 5 }, "k is beyond the axis"],
  ["TopK", [[3, 4]], { k: -1 }, "k is beyond the axis"],
  ["Pad", [[3, 4]], { pads: [0, 1] }, "pads has the wrong length"],
  ["Pad", [[3, 4]], { pads: [0, -5, 0, 0] }, "more is cropped than there is"],
  ["Pad", [[3, 4]], { pads: [0, -5, 0, 2] }, "more is cropped than there is"],
  ["Pad", [[3, 4]], { pads: [3, 0, 0, 0], mode: "reflect" }, "too little to pad with by reflect"],
  ["Pad", [[3, 0]], { pads: [0, 1, 0, 0], mode: "edge" }, "too little to pad with by edge"],
  ["Pad", [[3, 1]], { pads: [0, -1, 0, 0], mode: "reflect" }, "too little to pad with by reflect"],
  ["Pad", [[3, 4]], { pads: [0, 0, 0, 0], mode: "mirror" }, "mode has no such value"],
  ["Pad", [[]], { pads: [] }, "a scalar has no axis to pad"],
  ["Reshape", [[1, 1]], { shape: [-1, -1] }, "shape cannot be told"],
  ["Reshape", [[4]], { shape: [-2, -2] }, "shape is out of range"],
  ["Reshape", [[4]], { shape: [4, 0] }, "shape cannot be told"],
  ["Reshape", [[0, 4]], { shape: [0, -1], allowzero: 1 }, "shape cannot be told"],
  ["Reshape", [[4]], { shape: [3] }, "Reshape changes the number of elements"],
  ["Flatten", [[2, 3]], { axis: 3 }, "axis out of range"],
  ["Transpose", [[2, 3]], { perm: [0, 0] }, "perm is no order of the axes"],
  ["Transpose", [[2, 3]], { perm: [1] }, "perm is no order of the axes"],
  ["Expand", [[1]], { shape: [-1] }, "shape is out of range"],
  ["Tile", [[2, 3]], { repeats: [2] }, "repeats has the wrong length"],
  ["Tile", [[2, 3]], { repeats: [2, -1] }, "repeats is out of range"],
  ["Concat", [[2], [2]], { axis: 1 }, "axis out of range"],
  ["Split", [[4]], { split: [5, -1] }, "split is out of range"],
  ["Slice", [[]], { starts: [], ends: [] }, "a scalar has no axis to slice"],
  ["Slice", [[4]], { starts: [0], ends: [1], axes: [0], steps: [0] }, "a step is 0"],
  ["Slice", [[4]], { starts: [0, 1], ends: [1], axes: [0] }, "ends has the wrong length"],
  ["Slice", [[4, 4]], { starts: [0, 1], ends: [2, 2], axes: [1, -1] }, "an axis is given twice"],
  ["Gather", [[4], [2]], { axis: 1 }, "axis out of range"],
  ["GatherElements", [[4, 2], [2]], {}, "indices do not fit"],
  [
    "GatherElements",
    [
      [4, 2],
      [2, 3],
    ],
    { axis: 0 },
    "indices do not fit",
  ],
  ["ScatterElements", [[4], [2], [3]], {}, "the shape of the updates does not fit"],
  ["ScatterElements", [[4], [2], [2]], { reduction: "sum" }, "reduction has no such value"],
  ["ScatterND", [[4, 2], [3, 3], [3]], {}, "indices do not fit"],
  ["ScatterND", [[4, 2], [3, 1], [3]], {}, "the shape of the updates does not fit"],
  ["OneHot", [[3], [3]], { depth: 2 }, "the shape of the values does not fit"],
  ["OneHot", [[3], [2]], { depth: 0 }, "depth is out of range"],
  ["OneHot", [[3], [2]], { depth: 2, axis: 2 }, "axis out of range"],
  ["DepthToSpace", [image], { blocksize: 3 }, "blocks do not fit"],
  ["DepthToSpace", [[2, 8, 5]], { blocksize: 2 }, "not an image"],
  ["SpaceToDepth", [image], { blocksize: 2 }, "blocks do not fit"],
  ["SpaceToDepth", [image], { blocksize: 0 }, "blocksize is out of range"],
  ["MatMul", [[], []], {}, "a scalar is no matrix"],
  [
    "Gemm",
    [
      [2, 3],
      [3, 4],
    ],
    { transA: 2 },
    "transA has no such value",
  ],
  ["Softmax", [[2, 3]], { axis: 2 }, "axis out of range"],
  ["CumSum", [[2, 3]], { axis: -3 }, "axis out of range"],
  ["ReduceSum", [[2, 3]], { axes: [2] }, "axis out of range"],
  ["ReduceSum", [[2, 3]], { keepdims: 2 }, "keepdims has no such value"],
  ["ArgMax", [[2, 3]], { axis: 2 }, "axis out of range"],
  ["BatchNormalization", [[3], [3], [3], [3], [3]], {}, "there are no channels"],
  ["BatchNormalization", [image, [8], [8], [8], [1]], {}, "the shape of a vector does not fit"],
  ["InstanceNormalization", [[2, 3], [3], [3]], {}, "there is nothing to normalize over"],
  ["InstanceNormalization", [image, [2], [8]], {}, "the shape of a vector does not fit"],
  ["LayerNormalization", [[2, 3], [2]], {}, "the shape of the scale does not fit"],
  ["LayerNormalization", [[2, 3], [3]], { axis: 2 }, "axis out of range"],
  [
    "PRelu",
    [
      [2, 1],
      [2, 3],
    ],
    {},
    "the slope does not broadcast to x",
  ],
  ["Mod", [[2], [2]], {}, "floats need fmod"],
  ["Dropout", [[2]], { ratio: 1.5 }, "ratio is out of range"],
  ["Gelu", [[2]], { approximate: "erf" }, "approximate has no such value"],
  ["GlobalMaxPool", [[2, 3]], {}, "there is nothing to pool over"],
  ["MaxPool", [[2, 3]], { kernel_shape: [] }, "a window needs spatial axes"],
  ["MaxPool", [image], { kernel_shape: [2] }, "kernel_shape has the wrong length"],
  ["MaxPool", [image], { kernel_shape: [2, 0] }, "kernel_shape is out of range"],
  ["MaxPool", [image], { kernel_shape: [2, 2], strides: [0, 1] }, "strides is out of range"],
  ["MaxPool", [image], { kernel_shape: [2, 2], pads: [2, 0, 0, 0] }, "padding is as large as the window"],
  ["AveragePool", [image], { kernel_shape: [7, 2] }, "window is larger than its input"],
  ["AveragePool", [image], { kernel_shape: [2, 2], auto_pad: "SAME" }, "auto_pad has no such value"],
  ["Conv", [image, [4, 8, 3, 3]], { auto_pad: "VALID", pads: [0, 0, 0, 0] }, "pads and auto_pad exclude each other"],
  ["Conv", [image, [4, 8, 3, 3]], { pads: [0, 0] }, "pads has the wrong length"],
  ["Conv", [image, [4, 8, 3, 3]], { pads: [0, -1, 0, 0] }, "pads is out of range"],
  ["Conv", [image, [4, 8, 3, 3]], { dilations: [0, 1] }, "dilations is out of range"],
  ["Conv", [image, [4, 8, 3, 3], [3]], {}, "the shape of the bias does not fit"],
  ["Conv", [image, [3, 4, 3, 3]], { group: 2 }, "channels do not divide into groups"],
  ["Conv", [image, [4, 4, 3, 3]], {}, "convolution sizes differ"],
  ["Conv", [image, [4, 8, 3]], {}, "convolution sizes differ"],
  ["ConvTranspose", [image, [8, 2, 3, 3], [4]], {}, "the shape of the bias does not fit"],
  ["ConvTranspose", [image, [8, 2, 3, 3]], { group: 3 }, "channels do not divide into groups"],
  ["ConvTranspose", [image, [8, 2, 3, 3]], { output_padding: [1, 0] }, "output_padding is too large"],
  ["ConvTranspose", [image, [8, 2, 3, 3]], { output_shape: [8, 8] }, "output_shape is out of reach"],
  [
    "ConvTranspose",
    [image, [8, 2, 3, 3]],
    { output_padding: [1, 0], dilations: [2, 2] },
    "output_padding is too large",
  ],
  ["ConvTranspose", [image, [8, 2, 1, 1]], { auto_pad: "SAME_UPPER", strides: [3, 3] }, "output_shape is out of reach"],
  [
    "ConvTranspose",
    [
      [2, 8, 1, 1],
      [8, 2, 1, 1],
    ],
    { pads: [1, 0, 0, 0] },
    "the output's size is out of range",
  ],
];

test.each(refused)("%s of %j with %j", (op, shapes, attrs, what) => {
  expect(() => infer(op, shapes, attrs)).toThrow(`${op}: ${what}`);
});

const accepted: readonly (readonly [op: string, shapes: readonly Shape[], attrs: Attrs, out: Shape])[] = [
  ["Squeeze", [[1, 3, 1]], { axes: [0, -1] }, [3]],
  ["Flatten", [[2, 3]], { axis: 2 }, [6, 1]],
  ["Reshape", [[0, 4]], { shape: [4, 0], allowzero: 1 }, [4, 0]],
  ["TopK", [[3, 4]], { k: 4 }, [3, 4]],
  ["Slice", [[4]], { starts: [-1], ends: [-9], steps: [-2] }, [2]],
  ["Pad", [[3, 4]], { pads: [2, -1, 2, 2], mode: "reflect" }, [7, 5]],
  ["ConvTranspose", [image, [8, 2, 3, 3]], { output_shape: [6, 7], strides: [1, 1] }, [2, 2, 6, 7]],
  // more than the kernel reaches: output padding, as much as a stride leaves between two windows
  ["ConvTranspose", [image, [8, 2, 3, 3]], { output_shape: [17, 14], strides: [3, 2] }, [2, 2, 17, 14]],
  ["ConvTranspose", [image, [8, 2, 3, 3]], { auto_pad: "SAME_LOWER", strides: [3, 2] }, [2, 2, 15, 12]],
];

test.each(accepted)("%s of %j with %j is allowed", (op, shapes, attrs, out) => {
  expect(infer(op, shapes, attrs)[0]).toEqual(out);
});
