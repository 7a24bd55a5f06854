/** What a pattern and a formulation are. */
import type { Builder } from "../graph/builder.ts";
import type { MeaningName, Meanings } from "../graph/meanings.ts";
import { typeText } from "../graph/tensor.ts";
import type { Attr, Value } from "../graph/types.ts";
import type { Target, Thresholds } from "./target.ts";

/** A value of a graph that may be computed in several ways: what it is, of which operands. */
export interface Site<K extends MeaningName = MeaningName> {
  readonly of: K;
  readonly inputs: Meanings[K]["inputs"];
  readonly attrs: Meanings[K]["attrs"];
  /** The value that the graph computes in the plain way. */
  readonly output: Value;
}

/** One way to compute a pattern. */
export interface Formulation<K extends MeaningName = MeaningName> {
  /** It computes on blocks of the processor's size: only where that is known (`Target.block`). */
  readonly onBlocks?: true;
  /**
   * A few passes over memory, whose cost is decided by what stands beside them: they go through pieces with their neighbours, and share
   * with others what they compute first. Timed alone they would tell nothing.
   */
  readonly passes?: true;
  /** Whether it is right for these shapes and attributes at all; absent = always. */
  applies?(site: Site<K>, target: Target): boolean;
  /** Whether it is the fastest known, by what was measured; absent = only when a plan asks for it. */
  preferred?(site: Site<K>, thresholds: Thresholds): boolean;
  /** Emits it; the result has the type of `site.output`. */
  emit(g: Builder, site: Site<K>, target: Target): Value;
}

/** The formulations of a pattern beside the plain one, by name. The first that is preferred is taken. */
export type Pattern<K extends MeaningName = MeaningName> = Readonly<Record<string, Formulation<K>>>;

/** What a plan calls the formulation that the graph came with. */
export const PLAIN = "plain";

/** FNV-1a. */
export function fnv(numbers: Iterable<number>): string {
  let hash = 0x811c9dc5;
  for (const x of numbers) hash = Math.imul(hash ^ x, 0x01000193) >>> 0;
  return hash.toString(16);
}

/** Long lists (an index) by their length and a hash. */
const attrText = (a: Attr | undefined): string =>
  Array.isArray(a) && a.length > 16 ? `${a.length}#${fnv(a as readonly number[])}` : `${a}`;

/**
 * What a formulation may be chosen by: equal keys, equal choice. "ConvWeightGradient float32[8,3,9,9] float32[8,4,7,7]
 * kernel_shape=3,3 …"
 */
export function keyOf({ of, inputs, attrs }: Site): string {
  const types = (inputs as readonly Value[]).map(typeText);
  const named = Object.entries(attrs).map(([k, a]) => `${k}=${attrText(a)}`);
  return [of, ...types, ...named.sort()].join(" ");
}
