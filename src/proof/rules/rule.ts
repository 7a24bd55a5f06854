/**
 * What an operator means for a proof: which of its results are constant, and which of its operands its results depend
 * on. Written apart from what shrinking uses (groups/, shrink/), so that a mistake there is found here.
 */
import type { Families, OpFullAttrs, OpName } from "../../graph/ops/index.ts";
import type { Follows, Node, Value } from "../../graph/types.ts";
import type { Fact } from "../fact.ts";

/**
 * How an element is needed, in ascending order. Each is also the least that a certificate must give as the reason for a
 * removal; what is `live` cannot be removed.
 */
export const NEED = { unread: 0, zero: 1, constant: 2, live: 3 } as const;

/** A field of `NEED`s. */
export interface Need {
  readonly shape: readonly number[];
  readonly level: Uint8Array;
}

/** A node as rules see it: attributes complete, and what is known of its inputs. */
export interface Call<A> {
  readonly attrs: A;
  /** null = absent. */
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly (Value | null)[];
  /** One per input; nothing is known of an absent one. */
  readonly known: readonly Fact[];
  /** What of the attributes is another number where the network's inputs have other sizes. */
  readonly follows?: Follows;
}

/** The terms of sums with a stored weight. */
export interface Terms {
  /** Which input is the weight, and which of its axes are read and made. */
  readonly weight: number;
  readonly read: number;
  readonly made: number;
  /** What input 2 is multiplied by. */
  readonly bias: number;
  /** Visits what each index of `reads` adds to each index `made` at every position; NaN where that is not a constant. */
  each(reads: ReadonlySet<number>, visit: (read: number, made: number, term: number) => void): void;
}

/** What makes a value of a graph; undefined where nothing does. */
export type Making = (v: Value | null) => Node | undefined;

/** What a proof must know of an operator. */
export interface ProofRule<A> {
  /** What is known of output `at`. */
  known(call: Call<A>, at: number): Fact;
  /** How output `at`, needed so, needs input `k`. Never called for an absent input. */
  needs(call: Call<A>, k: number, need: Need, at: number): Need;
  /** The number with which input k changes nothing: 0 of what is added, 1 of a factor. */
  readonly neutral?: (k: number) => number | undefined;
  /** Of an operator that does nothing but to permute axes: which axis of the input each axis of the result is. */
  readonly permutes?: (call: Call<A>) => readonly number[];
  /**
   * Of an operator that divides by how many elements it adds up: whether what a smaller model computes in its place divides by as many.
   * @param small what makes the value of that name there
   * @param made what makes a value there; `stood`, what makes one in the full model
   */
  readonly dividesByAll?: (call: Call<A>, small: Node, made: Making, stood: Making) => boolean;
  /** Of sums of products with a stored weight; undefined where no stored matrix or kernel is read and made along one axis each. */
  readonly terms?: (call: Call<A>) => Terms | undefined;
}

/** The rule of one operator. */
export type ProofRuleOf<K extends OpName> = ProofRule<OpFullAttrs<K>>;

/** Those of a family: an operator that is missing does not compile. */
export type ProofRules<F extends keyof Families> = { readonly [K in Families[F]]: ProofRuleOf<K> };
