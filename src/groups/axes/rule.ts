/**
 * What a grouping rule says of one node, as data: which axes move together (ties), and which stored operand turns
 * channels into channels (weight). An input axis that no tie names is mixed by the node and cannot lose an index.
 */

import type { OpSite } from "../../graph/op-site.ts";
import type { Families } from "../../graph/ops/index.ts";
import type { Shape, Tensor, Value } from "../../graph/types.ts";

/** An axis of one input or output of a node. */
export interface End {
  readonly side: "in" | "out";
  /** Which input or output. */
  readonly at: number;
  readonly axis: number;
}

/** Two axes whose indices live and die together: index `a(k)` with index `b(k)` for each pair; absent pairs = identity. */
export interface Tie {
  readonly a: End;
  readonly b: End;
  readonly pairs?: Pairs;
  /** One of several axes that become one (or parts of one): only the first that has channels counts. */
  readonly merged?: boolean;
}

/** Pairs of indices, as a rule for them: there may be far more than a file has bytes, and most are never asked for. */
export interface Pairs {
  readonly count: number;
  readonly a: (k: number) => number;
  readonly b: (k: number) => number;
}

/** Part of an axis of input 0, of an axis of output 0, or of both. Of the parts of one axis, the first stands outermost. */
export interface AxisFactor {
  readonly size: number;
  /** The axis of the input; undefined where none has it as it is. */
  readonly from?: number;
  /** The axis of the output; undefined where none has it as it is. */
  readonly to?: number;
}

/** A stored operand that reads channels of `data` and makes channels of the output. */
export interface Weight {
  /** The axis whose channels are read. */
  readonly data: End;
  /** The axis whose channels are made. */
  readonly made: End;
  /** Which input is the weight. */
  readonly at: number;
  /** Reshaped to this … */
  readonly view: Shape;
  /** … these axes, in row-major order, enumerate the channels read … */
  readonly reads: readonly number[];
  /** … and these the channels made. */
  readonly makes: readonly number[];
  /** Each output channel depends on one input channel only (depthwise), so the weight is carried by its channel. */
  readonly carried: boolean;
}

export interface Flow {
  readonly ties: readonly Tie[];
  readonly weight?: Weight;
  /** More of them, where an operator has several. */
  readonly further?: readonly Weight[];
  /** Said of channels on an axis that no tie names, for example "normalizes over the channels". */
  readonly why?: string;
  /** Inputs at which anything may stand: the result is zero wherever the other inputs are. */
  readonly factors?: readonly number[];
  /** Whether it only moves the elements of its one input about. */
  readonly moves?: true;
  /** Whether it is the sum of its two inputs. */
  readonly adds?: true;
  /** Inputs that scale and shift each channel: it is zero where all of them are. */
  readonly affine?: readonly number[];
  /** Inputs that must be zero as well for a channel to be zero, whatever is read. */
  readonly gates?: readonly number[];
  /** Input axes that are added up: an index can go where it is zero, for what is added up then is the same. */
  readonly sums?: readonly End[];
  /** Of what regroups axes: how those of input 0 become those of output 0. */
  readonly regrouped?: readonly AxisFactor[];
  /** Axes of two computed inputs that are multiplied and summed over: an index can go where one of both is zero. */
  readonly contracted?: readonly [End, End];
  /** Axes of output 0 along which one thing is repeated: any index can go. */
  readonly repeats?: readonly number[];
}

/** The tensor behind an input when it is stored, undefined when it is computed. */
export type StoredInput = (input: number) => Tensor | undefined;

/** The operator lets no channel pass: none can be removed that it reads. */
export interface Barrier {
  /** Why, as the end of a sentence that begins with the operator. */
  readonly barrier: string;
}

/** The rules of a family: each of its operators says how channels pass, or that none do. */
export type AxesRules<F extends keyof Families> = {
  readonly [K in Families[F]]: Barrier | ((site: OpSite<K>, stored: StoredInput) => Flow);
};

export const barrier = (why: string): Barrier => ({ barrier: why });

export const sameEnd = (a: End, b: End): boolean => a.side === b.side && a.at === b.at && a.axis === b.axis;
export const inputEnd = (at: number, axis: number): End => ({ side: "in", at, axis });
export const outputEnd = (axis: number, at = 0): End => ({ side: "out", at, axis });
export const tie = (a: End, b: End, pairs?: Pairs): Tie => (pairs ? { a, b, pairs } : { a, b });

/** The pairs (a(k), b(k)) for k < count. */
export const indexPairs = (count: number, a: (k: number) => number, b: (k: number) => number): Pairs => ({
  count,
  a,
  b,
});

/** The pairs (start + k, k) for k < n: a part of an axis, and itself as a whole. */
export const partPairs = (n: number, start: number): Pairs =>
  indexPairs(
    n,
    (k) => start + k,
    (k) => k,
  );

/** Ties of every axis of an operand with the output it broadcasts to. */
export function broadcastTies(at: number, from: Shape, to: Shape): Tie[] {
  const shift = to.length - from.length;
  return from.flatMap((d, i) => (d === to[i + shift] ? [tie(inputEnd(at, i), outputEnd(i + shift))] : []));
}

/**
 * Ties of input 0's axes that `keep` accepts, with the axis of the same number of every output.
 * @param outputs null = one that is absent
 */
export const sameAxes = (
  { shape }: Value,
  keep: (axis: number) => boolean = () => true,
  outputs: readonly unknown[] = [undefined],
): Tie[] =>
  shape.flatMap((_, i) =>
    keep(i) ? outputs.flatMap((o, at) => (o === null ? [] : [tie(inputEnd(0, i), outputEnd(i, at))])) : [],
  );
