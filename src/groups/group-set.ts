/** What groups are: kinds by what dies together, sets of them, and the slices of tensors that they are made of. */

import type { Shape, Value } from "../graph/types.ts";
import { type Message, named, say } from "../message.ts";

/**
 * What dies together: one weight, all that reads or all that makes a channel of one tensor, or of the whole network. Of an attention,
 * `coupled` has whole heads; `headWidth` has, instead of them, one index of every head: of queries with keys, and of values. Heads of one
 * tensor `[… H, d]` can only lose an index together. No weight reads queries and keys: on either side their groups are what makes them.
 * A `layer` is what makes a residual branch, which goes as a whole.
 */
export type GroupKind = (typeof namedKinds)[number] | BlockKind;

/** The kinds that a name is enough for. */
export const namedKinds = ["element", "inputChannel", "outputChannel", "coupled", "headWidth", "layer"] as const;

/** The kinds of which there are two sides. */
export const isCoupled = (kind: GroupKind): boolean => kind === "coupled" || kind === "headWidth";

/** Blocks of so many outputs × so many inputs of one weight; at its end they may be smaller. */
export interface BlockKind {
  readonly block: readonly [outputs: number, inputs: number];
}

/** The kind in words. */
export const kindText = (kind: GroupKind): Message =>
  typeof kind === "string" ? say`${named(kind)}` : say`${kind.block.join("×")} block`;

/** The slices of one tensor that belong to the groups of a set. */
export interface Member {
  /** An initializer. */
  readonly param: Value;
  /** Reshape the tensor to this … */
  readonly view: Shape;
  /** … then these axes, in row-major order, enumerate the view's channels. */
  readonly axes: readonly number[];
  /** Before that: reshape to `from` and append zeros up to `to`. They are in groups, and stay zero. */
  readonly pad?: { readonly from: Shape; readonly to: Shape };
  /** View channel → group of the set; −1 = in no group; null = identity. */
  readonly channels: Int32Array | null;
}

/** Groups of one kind in one place. */
export interface GroupSet {
  /** The name of the weight (of the first weight that makes the channels, for `coupled`). */
  readonly name: string;
  /** Number of groups. */
  readonly count: number;
  readonly members: readonly Member[];
  /** Weights in each group, over all members. */
  readonly sizes: Float64Array;
}

/**
 * Which weights of a channel form its `coupled` or `headWidth` group. `consumer`: every weight that reads it;
 * `producer`: every filter, bias and norm parameter that makes it. A channel that a norm adds up, as those
 * of a transformer's width, can go only where what makes it is zero, so it has a group on this side alone.
 */
export type Side = "consumer" | "producer";

/** Options of `groupSets`. */
export interface SideOptions {
  /** Default `consumer`. */
  readonly side?: Side;
}
