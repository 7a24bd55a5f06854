/**
 * What shrinking must know of an operator: what it makes of constant channels (`fold`), and how it follows when channels go
 * (`cut`).
 */

import type { AnySite, OpSite } from "../../graph/op-site.ts";
import type { Families, OpFullAttrs } from "../../graph/ops/index.ts";
import type { Attrs, Node } from "../../graph/types.ts";

/**
 * A number stands for a channel that holds it everywhere and for every input, in float64; NaN for a channel that is not known to
 * be constant. Activations are taken to be finite, so 0 · x = 0.
 */
type Fold<S = AnySite, A = Attrs> = Elements<A> | Along<S> | { readonly weight: Weighted<S> } | Opaque;

/** It works on each element alone, given the vectors that go with its channel. */
interface Elements<A> {
  /** Applied to the channels of all inputs that meet in one channel of the output. */
  readonly each: (attrs: A) => (...x: number[]) => number;
  /** It broadcasts, so that a constant operand may be stored smaller than the result. */
  readonly operand?: {
    /** The operator does nothing when an operand, one of two, is this number; it must be one of these inputs. */
    readonly neutral?: { readonly value: number; readonly at: readonly number[] };
    /** It is the sum of its two inputs, so that a bias can be added to either. */
    readonly adds?: true;
  };
}

/** It moves a channel, or reduces it over other axes. */
interface Along<S> {
  readonly along: (site: S) => (x: number) => number;
  /** The inputs whose numbers it moves, where others say where to: absent, all of them. */
  readonly from?: readonly number[];
}

/** It multiplies channels with a weight. */
export interface Weighted<S = AnySite> {
  /** Whether a constant that is not zero adds the same number everywhere, so that it can move into a bias. */
  readonly uniform: (site: S) => boolean;
  /** A Gather may stand in front of it that picks some of its columns. */
  readonly columns?: true;
  /** It is nothing but a product: where neither factor is stored, it is zero where one of them is. */
  readonly product?: true;
}

/** Nothing is known of its output, whatever is known of its inputs. */
interface Opaque {
  readonly opaque: string;
}

/** For each axis of an input or output: 1 = the index stays; undefined = the axis loses nothing. */
export type Masks = (side: "in" | "out", at: number) => readonly (Uint8Array | undefined)[];

/** How a node follows when channels go. Absent: it stays as it is. */
export interface CutRule<S = AnySite, A = Attrs> {
  /** New attributes, where they count indices. */
  readonly attrs?: (site: S, masks: Masks) => A;
  /** What stands in the node's place, where the operator itself would count the indices that are left. */
  readonly instead?: {
    /** How many operators that adds. */
    readonly nodes: number;
    /** @param small the node after the cut; the last one's outputs stand for the node's */
    readonly of: (small: Node, site: S, masks: Masks, name: (stem: string) => string) => readonly Node[];
  };
  /** The attributes with which one of them does what two do, the one behind the other; undefined where none does. */
  readonly behind?: (first: S, second: S) => A | undefined;
  /** Inputs, or outputs, that lose everything are left out; an operator without this vanishes with any of them. */
  readonly without?: "inputs" | "outputs";
  /** The input that lists, if it is stored, the indices that are taken along an axis of input 0. */
  readonly indices?: { readonly at: number; readonly axis: (attrs: A) => number };
}

export interface ShrinkRule<S = AnySite, A = Attrs> {
  readonly fold: Fold<S, A>;
  readonly cut: CutRule<S, A>;
}

/** The rules of a family: an operator that is missing does not compile. */
export type ShrinkRules<F extends keyof Families> = {
  readonly [K in Families[F]]: ShrinkRule<OpSite<K>, OpFullAttrs<K>>;
};

/** No attribute counts indices. */
export const same = {};
/** It works on each element alone; nothing counts indices. */
export const plain = { cut: same };

/** An operator of each element alone, without attributes. */
export const each = (f: (...x: number[]) => number) => ({ ...plain, fold: { each: () => f } });
/** An operator of which constants tell nothing. */
export const opaque = (why: string) => ({ ...plain, fold: { opaque: why } });

/** How many of the indices from … to stay. */
export function stayCount(mask: Uint8Array, from = 0, to = mask.length): number {
  let n = 0;
  for (let i = from; i < to; i++) n += mask[i];
  return n;
}
