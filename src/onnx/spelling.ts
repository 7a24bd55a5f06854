/**
 * How opsets spell the operators of the table: parameters that moved from attribute to input, and what came later than
 * opset 9. Reading and writing both follow these tables. Source: ONNX's Changelog.md, opsets 9 to 24.
 */

import { size } from "../graph/tensor.ts";
import type { DType, Node } from "../graph/types.ts";
import { isEarlyResize, spelledResize } from "./resize-forms.ts";

/**
 * What the input that carries a parameter looks like. `list` has one axis; `axes` too, but one number may come without;
 * `floats` is a list of float32; `like` = a scalar of the element type of the first input; `typed` = a scalar whose element type
 * is the attribute `dtype` of canonical form.
 */
type Carrier = "list" | "floats" | "axes" | "single" | "scalar" | "like" | "typed";

interface Carried {
  readonly dtype: (node: Node) => DType;
  /** Written with one axis. */
  readonly list: boolean;
  /** The numbers need not be whole. */
  readonly fractional: boolean;
}
const int64 = (): DType => "int64";
export const carriers: { readonly [C in Carrier]: Carried } = {
  list: { dtype: int64, list: true, fractional: false },
  floats: { dtype: () => "float32", list: true, fractional: true },
  axes: { dtype: int64, list: true, fractional: false },
  single: { dtype: int64, list: true, fractional: false },
  scalar: { dtype: int64, list: false, fractional: false },
  like: { dtype: (node) => node.inputs[0]!.dtype, list: false, fractional: true },
  typed: { dtype: (node) => node.attrs.dtype as DType, list: false, fractional: true },
};

export interface Moved {
  readonly attr: string;
  /** The position of the input that carries it. */
  readonly input: number;
  /** The first opset that has it as input. */
  readonly since: number;
  /** The first opset that has it elsewhere. */
  readonly until?: number;
  readonly carrier: Carrier;
}

const moved = (attr: string, input: number, since: number, carrier: Carrier = "list"): Moved => ({
  attr,
  input,
  since,
  carrier,
});

const axesSince18 = [moved("axes", 1, 18)];

/**
 * Parameters that are attributes in canonical form and inputs of the file's operator, at least in newer opsets.
 * (Dropout's training_mode and Pad's axes have no place in canonical form; canonical-forms.ts takes them out again.)
 */
export const movedParameters: Readonly<Record<string, readonly Moved[]>> = {
  Clip: [moved("min", 1, 11, "like"), moved("max", 2, 11, "like")],
  Col2Im: [moved("image_shape", 1, 18), moved("block_shape", 2, 18)],
  ConstantOfShape: [moved("shape", 0, 9)],
  CumSum: [moved("axis", 1, 11, "scalar")],
  Dropout: [moved("ratio", 1, 12, "like"), moved("training_mode", 2, 12, "scalar")],
  Expand: [moved("shape", 1, 8)],
  OneHot: [moved("depth", 1, 9, "scalar")],
  Pad: [moved("pads", 1, 11), moved("value", 2, 11, "like"), moved("axes", 3, 18)],
  Range: [moved("start", 0, 11, "typed"), moved("limit", 1, 11, "typed"), moved("delta", 2, 11, "typed")],
  ReduceL1: axesSince18,
  ReduceL2: axesSince18,
  ReduceLogSum: axesSince18,
  ReduceLogSumExp: axesSince18,
  ReduceMax: axesSince18,
  ReduceMean: axesSince18,
  ReduceMin: axesSince18,
  ReduceProd: axesSince18,
  ReduceSum: [moved("axes", 1, 13)],
  ReduceSumSquare: axesSince18,
  Reshape: [moved("shape", 1, 5)],
  Resize: [
    { ...moved("scales", 1, 9, "floats"), until: 11 },
    moved("roi", 1, 11, "floats"),
    moved("scales", 2, 11, "floats"),
    moved("sizes", 3, 11),
  ],
  Slice: [moved("starts", 1, 10), moved("ends", 2, 10), moved("axes", 3, 10), moved("steps", 4, 10)],
  Split: [moved("split", 1, 13)],
  Squeeze: [moved("axes", 1, 13)],
  Tile: [moved("repeats", 1, 6)],
  TopK: [moved("k", 1, 10, "single")],
  Trilu: [moved("k", 1, 14, "scalar")],
  Unsqueeze: [moved("axes", 1, 13, "axes")],
};

/** The parameters of an operator that are inputs at an opset. */
export const movedAt = (op: string, opset: number): readonly Moved[] =>
  (movedParameters[op] ?? []).filter((m) => m.since <= opset && opset < (m.until ?? Number.POSITIVE_INFINITY));

/** Operators that had another name once, and the first opset that has the name of today. */
const formerly: readonly { readonly name: string; readonly was: string; readonly since: number }[] = [
  { name: "Resize", was: "Upsample", since: 10 },
];

/** The name of today of what an opset calls `op`. */
export const nameToday = (op: string, opset: number): string =>
  formerly.find((f) => f.was === op && opset < f.since)?.name ?? op;

/** What an opset calls an operator of the table. */
export const nameThen = (op: string, opset: number): string =>
  formerly.find((f) => f.name === op && opset < f.since)?.was ?? op;

/** What a node is spelled as that does nothing. */
export const IDENTITY = "Identity";

/** Reductions, and what they are when they reduce no axis; "changes": they would still change each element. */
export const overNothing: Readonly<Record<string, "identity" | "changes">> = {
  ReduceL1: "changes",
  ReduceL2: "changes",
  ReduceLogSum: "changes",
  ReduceLogSumExp: "changes",
  ReduceMax: "identity",
  ReduceMean: "identity",
  ReduceMin: "identity",
  ReduceProd: "identity",
  ReduceSum: "identity",
  ReduceSumSquare: "changes",
};

/** The opset that brought an attribute, where that is after 9 and after its operator. */
export const attributeSince: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ArgMax: { select_last_index: 12 },
  ArgMin: { select_last_index: 12 },
  AveragePool: { ceil_mode: 10, dilations: 19 },
  DepthToSpace: { mode: 11 },
  GatherND: { batch_dims: 12 },
  Dropout: { seed: 12 },
  LpPool: { ceil_mode: 18, dilations: 18 },
  GRU: { layout: 14 },
  LSTM: { layout: 14 },
  MaxPool: { ceil_mode: 10, dilations: 10 },
  RNN: { layout: 14 },
  Reshape: { allowzero: 14 },
  Resize: {
    coordinate_transformation_mode: 11,
    cubic_coeff_a: 11,
    exclude_outside: 11,
    nearest_mode: 11,
    sizes: 11,
  },
  ScatterElements: { reduction: 16 },
  ScatterND: { reduction: 16 },
  Shape: { start: 15, end: 15 },
  Slice: { steps: 10 },
  TopK: { largest: 11, sorted: 11 },
};

/** Attributes that say what an older form of the operator did without them. */
export const impliedBefore: Readonly<Record<string, (node: Node) => boolean>> = { Resize: isEarlyResize };

/** Nodes that are written as another of the same operator, because their canonical form leaves out what an opset wants. */
export const respelled: Readonly<Record<string, (node: Node, opset: number) => Node>> = {
  GridSample: spelledGridSample,
  Resize: spelledResize,
};

/** How GridSample's modes were called before opset 20: by then, images of two axes only. */
export const gridModesBefore: Readonly<Record<string, string>> = { linear: "bilinear", cubic: "bicubic" };
export const GRID_MODES = 20;

function spelledGridSample(node: Node, opset: number): Node {
  const mode = node.attrs.mode as string;
  return opset >= GRID_MODES ? node : { ...node, attrs: { ...node.attrs, mode: gridModesBefore[mode] ?? mode } };
}

/** Before opset 13, Softmax worked on the input flattened to two dimensions at `axis`. */
function softmaxNeeds(node: Node): number {
  const shape = node.inputs[0]!.shape;
  const axis = node.attrs.axis as number;
  return size(shape.slice((axis < 0 ? axis + shape.length : axis) + 1)) === 1 ? 0 : 13;
}

/** The first opset whose GroupNormalization has a scale and a shift for each channel, and not for each group. */
export const SCALES_PER_CHANNEL = 21;

/** Sums and products came first, then the largest and the least. */
const combines = ({ attrs }: Node): number => (attrs.reduction === "max" || attrs.reduction === "min" ? 18 : 0);

/** The opset that brought what a node makes use of, where neither its operator nor its attributes tell. */
export const settingSince: Readonly<Record<string, (node: Node) => number>> = {
  Softmax: softmaxNeeds,
  LogSoftmax: softmaxNeeds,
  /** Scales and shifts per channel; before, they were per group. */
  GroupNormalization: () => SCALES_PER_CHANNEL,
  GridSample: (n) => (n.inputs[0]!.shape.length === 4 ? 0 : GRID_MODES),
  Resize: (n) => (isEarlyResize(n) ? 0 : 11),
  ScatterElements: combines,
  ScatterND: combines,
  /** Its C became optional. */
  Gemm: (n) => (n.inputs[2] ? 0 : 11),
};
