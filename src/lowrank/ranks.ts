/**
 * How many singular values each layer keeps (LoRITa, Zhang et al. 2024, "global_search" of its code): the same share of every layer,
 * or the largest of all layers together. The rule that looks at the loss is `searchRanks`.
 */

import { checkInteger } from "../checks.ts";
import { UsageError } from "../error.ts";
import { aList, anObject, wants } from "../given.ts";
import { isConvolution } from "./matrix-rules.ts";
import type { Spectrum } from "./spectra.ts";

/** Singular values that a layer keeps, by the name of its weight. */
export type Ranks = ReadonlyMap<string, number>;

/** What `spectra` gives. */
interface Layers {
  readonly layers: readonly Spectrum[];
}

/** Options of `localRanks`. */
export interface LocalOptions {
  /** Share of the singular values that is kept, in (0, 1]. */
  readonly keep: number;
  /** No layer keeps fewer, as far as it has so many. Default 1. */
  readonly least?: number;
}

/** Options of `globalRanks`. */
export interface GlobalOptions extends LocalOptions {
  /**
   * Which singular values are divided by the largest of their layer before they are compared: "all" (default), "none", or
   * "conv", as the authors' code does — there convolutions and linear layers are two pools of which the same share is kept.
   */
  readonly relative?: "all" | "none" | "conv";
}

/**
 * One ratio: every layer keeps ⌊keep · its number of singular values⌋.
 * @throws UsageError when an option is out of range
 */
export function localRanks(found: Layers, options: LocalOptions): Ranks {
  wants(
    "localRanks",
    ["found", anObject, found],
    ["found.layers", aList, found, "layers"],
    ["options", anObject, options],
  );
  const { layers } = found;
  const { keep, least = 1 } = options;
  check(keep, least);
  return new Map(layers.map((l) => [l.weight, atLeast(Math.floor(keep * l.values.length + 1e-9), least, l)]));
}

/**
 * One threshold: the smallest singular values of all layers together go, until the share `keep` of them is left.
 * @throws UsageError when an option is out of range
 */
export function globalRanks(found: Layers, options: GlobalOptions): Ranks {
  wants(
    "globalRanks",
    ["found", anObject, found],
    ["found.layers", aList, found, "layers"],
    ["options", anObject, options],
  );
  const { layers } = found;
  const { keep, least = 1, relative = "all" } = options;
  check(keep, least);
  const isConv = ({ op }: Spectrum) => isConvolution({ op, domain: "" });
  const pools = relative === "conv" ? [layers.filter(isConv), layers.filter((l) => !isConv(l))] : [layers];
  const ranks = new Map<string, number>();
  for (const pool of pools) {
    const values = pool.flatMap((l) => {
      const unit = relative === "none" || (relative === "conv" && !isConv(l)) ? 1 : l.values[0] || 1;
      return Array.from(l.values, (x) => ({ weight: l.weight, x: x / unit }));
    });
    values.sort((a, b) => b.x - a.x);
    const gone = Math.floor((1 - keep) * values.length + 1e-9);
    const kept = new Map<string, number>();
    for (const { weight } of values.slice(0, values.length - gone)) kept.set(weight, (kept.get(weight) ?? 0) + 1);
    for (const l of pool) ranks.set(l.weight, atLeast(kept.get(l.weight) ?? 0, least, l));
  }
  return new Map(layers.map((l) => [l.weight, ranks.get(l.weight)!])); // in the order of the layers
}

const atLeast = (rank: number, least: number, { values }: Spectrum): number =>
  Math.min(values.length, Math.max(least, rank));

function check(keep: number, least: number): void {
  if (!(keep > 0 && keep <= 1))
    throw new UsageError("out-of-range", "the share of singular values to keep is out of range", {
      got: keep,
      wanted: "> 0 and ≤ 1",
    });
  checkInteger("the least rank", least, 1);
}
