/**
 * Gradients and others for which ONNX has no operator, described as an operator is: a name, operands, attributes. autodiff/ and step/ emit
 * each as one plain formulation in standard operators and writes its meaning beside the resulting value; lower/ may
 * compute the value otherwise. Nobody has to look: a graph without its meanings says the same. Of an operator that ONNX
 * has, the node itself is the meaning.
 */
import type { Attrs, Shape, Value } from "./types.ts";
import type { Window } from "./windows.ts";

/** A window that slides over channels in groups. */
export type Convolution = Window & { readonly group: number };

interface Of<I extends readonly (Value | undefined)[], A extends Attrs> {
  readonly inputs: I;
  readonly attrs: A;
}

/** Standard operators that may be computed otherwise. An absent last input is left out. */
interface Operators {
  Conv: Of<readonly [x: Value, w: Value, bias?: Value], Convolution>;
}

/** The gradients, by name. */
interface Gradients {
  /** y = relu x: dx of y, dy. dy may still broadcast to y. */
  ReluGradient: Of<readonly [y: Value, dy: Value], Record<never, never>>;
  /** Y = X ⋆ W: dX of dY, W. `to`: X's spatial shape. */
  ConvInputGradient: Of<readonly [dy: Value, w: Value], Convolution & { readonly to: Shape }>;
  /** Y = X ⋆ W: dW of X, dY. */
  ConvWeightGradient: Of<readonly [x: Value, dy: Value], Convolution>;
  /** dx of x, y, dy: each window's dy goes to the first of its largest elements. */
  MaxPoolGradient: Of<readonly [x: Value, y: Value, dy: Value], Window>;
  /** dy, divided by its window's count already, goes to every element of its window. `to`: x's spatial shape. */
  AveragePoolGradient: Of<readonly [part: Value], Window & { readonly to: Shape }>;
  /** y = x[…, index, …] along an axis: dx[…, index[i], …] += dy[…, i, …]. `length`: of x along the axis. */
  PutBack: Of<
    readonly [dy: Value],
    { readonly index: readonly number[]; readonly axis: number; readonly length: number }
  >;
}

/** Further values for which ONNX has no operator. */
interface Others {
  /** ∛x of numbers ≥ 0. */
  CubeRoot: Of<readonly [x: Value], Record<never, never>>;
  /** Σ a·b over all axes but channels, of tensors [N, C, …]: [C]. */
  ChannelDot: Of<readonly [a: Value, b: Value], Record<never, never>>;
  /** p·x + q·y + r of tensors [N, C, …] by numbers of the channels [C]. */
  ChannelSum: Of<readonly [x: Value, y: Value, p: Value, q: Value, r: Value], Record<never, never>>;
}

/** What `Builder.means` says of a value. */
export interface Written extends Gradients, Others {}
/** Every meaning there is. */
export interface Meanings extends Operators, Written {}
export type MeaningName = keyof Meanings;
