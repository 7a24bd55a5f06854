/**
 * What operators make of constant channels, in float64. A number stands for a channel that holds it everywhere and for
 * every input; NaN for a channel that is not known to be constant. Functions that jump (Round, Sign, comparisons…) are
 * left out: float32 and float64 may fall on different sides. Activations are taken to be finite, so 0 · x = 0.
 */
import type { Attrs, Node } from "../graph/types.ts";

/** Applied to the channels of all inputs that meet in one channel of the output. */
type Pointwise = (attrs: Attrs) => (...x: number[]) => number;

const unary = (f: (x: number) => number): Pointwise => {
  return () => f;
};
const zeroOnly = unary((x) => (x === 0 ? 0 : Number.NaN));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));
const times = (a: number, b: number) => (a === 0 || b === 0 ? 0 : a * b);
const clamp = (x: number, lo: number, hi: number) => Math.min(Math.max(x, lo), hi);
const sum = (...x: number[]) => x.reduce((a, b) => a + b, 0);

/** Operators that work on each element alone (given the vectors that go with its channel). */
export const pointwise: Readonly<Record<string, Pointwise>> = {
  Abs: unary(Math.abs),
  Cos: unary(Math.cos),
  Exp: unary(Math.exp),
  Identity: unary((x) => x),
  Dropout: unary((x) => x),
  Log: unary(Math.log),
  Neg: unary((x) => -x),
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => Math.max(x, 0)),
  Sigmoid: unary(sigmoid),
  Sin: unary(Math.sin),
  Softplus: unary(softplus),
  Softsign: unary((x) => x / (1 + Math.abs(x))),
  Sqrt: unary(Math.sqrt),
  Tanh: unary(Math.tanh),
  Mish: unary((x) => x * Math.tanh(softplus(x))),
  HardSwish: unary((x) => x * clamp(x / 6 + 0.5, 0, 1)),
  Erf: zeroOnly,
  Gelu: zeroOnly,
  LeakyRelu:
    ({ alpha }) =>
    (x) =>
      x < 0 ? (alpha as number) * x : x,
  Elu:
    ({ alpha }) =>
    (x) =>
      x < 0 ? (alpha as number) * Math.expm1(x) : x,
  Celu:
    ({ alpha }) =>
    (x) =>
      x < 0 ? (alpha as number) * Math.expm1(x / (alpha as number)) : x,
  Selu:
    ({ alpha, gamma }) =>
    (x) =>
      (gamma as number) * (x < 0 ? (alpha as number) * Math.expm1(x) : x),
  HardSigmoid:
    ({ alpha, beta }) =>
    (x) =>
      clamp((alpha as number) * x + (beta as number), 0, 1),
  Cast:
    ({ to }) =>
    (x) =>
      to === "float32" || to === "float64" ? x : Number.NaN,
  Clip:
    ({ min, max }) =>
    (x) =>
      clamp(x, (min as number) ?? -Infinity, (max as number) ?? Infinity),
  PRelu: () => (x, slope) => (x < 0 ? x * slope : x),
  Add: () => (a, b) => a + b,
  Sub: () => (a, b) => a - b,
  Mul: () => times,
  Div: () => (a, b) => a / b,
  Pow: () => (a, b) => (a > 0 || a === 0 ? a ** b : Number.NaN),
  Max: () => Math.max,
  Min: () => Math.min,
  Sum: () => sum,
  Mean:
    () =>
    (...x) =>
      sum(...x) / x.length,
  BatchNormalization:
    ({ epsilon }) =>
    (x, scale, shift, mean, variance) =>
      scale === 0 ? shift : ((x - mean) / Math.sqrt(variance + (epsilon as number))) * scale + shift,
  // the mean of a constant is rounded, and the rounding divided by √ε: exact only for zeros
  InstanceNormalization: () => (x, scale, shift) => (scale === 0 || x === 0 ? shift : Number.NaN),
};

/** Applied to a channel that an operator moves, or reduces over other axes. */
type Passing = (node: Node) => (x: number) => number;

const moved: Passing = () => (x) => x;
const count = ({ inputs, outputs }: Node) =>
  inputs[0]!.shape.reduce((n, d) => n * d, 1) / outputs[0]!.shape.reduce((n, d) => n * d, 1);
const only = (holds: boolean) => (x: number) => (x === 0 || holds ? x : Number.NaN);
const padded = ({ attrs }: Node) => (attrs.pads as number[]).some((p) => p !== 0);

export const passing: Readonly<Record<string, Passing>> = {
  Reshape: moved,
  Flatten: moved,
  Squeeze: moved,
  Unsqueeze: moved,
  Transpose: moved,
  Expand: moved,
  Tile: moved,
  Concat: moved,
  Split: moved,
  Slice: moved,
  Gather: moved,
  DepthToSpace: moved,
  SpaceToDepth: moved,
  MaxPool: moved,
  GlobalMaxPool: moved,
  GlobalAveragePool: moved,
  ReduceMax: moved,
  ReduceMin: moved,
  ReduceMean: moved,
  ReduceSum: (node) => (x) => x * count(node),
  ReduceL1: (node) => (x) => Math.abs(x) * count(node),
  ReduceL2: (node) => (x) => Math.abs(x) * Math.sqrt(count(node)),
  ReduceSumSquare: (node) => (x) => x * x * count(node),
  // with the padding counted, windows at the border average zeros in
  AveragePool: (node) => only(!padded(node) || !node.attrs.count_include_pad),
  Pad: (node) => (x) => (node.attrs.mode === "constant" && padded(node) && x !== node.attrs.value ? Number.NaN : x),
};

/**
 * Whether a weight's node turns a constant channel into the same constant everywhere, so that it can move into the
 * bias. Zero always; another constant unless zero padding (or the border of a transposed convolution) stands beside it.
 */
export function folds(node: Node, constant: number): boolean {
  if (constant === 0) return true;
  if (Number.isNaN(constant) || node.op === "ConvTranspose") return false;
  return node.op !== "Conv" || !padded(node);
}
