/**
 * Where ranks that train together need each other's numbers in the middle of a step: the statistics that batch norm normalizes by, and
 * the sums that its gradient has of them. The step's graph ends there with what a rank has of its own samples, and goes on from
 * what all have (`stages.ts`).
 */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { names } from "./names.ts";

/** One such place. */
export interface Exchange {
  /**
   * moments: [mean, Σ(x − mean)²] of each channel, from which all have the mean, the variance and the unbiased variance.
   * sums: two sums of each channel, of which all have the mean over their values.
   */
  readonly kind: "moments" | "sums";
  /** The output that holds a rank's own: [2·C]. */
  readonly own: string;
  /** The inputs that hold what all have, each [C]. */
  readonly gives: readonly string[];
  readonly channels: number;
  /** Values of a channel that one sample has. */
  readonly perSample: number;
}

/** How batch norm reaches the other ranks. */
export interface AcrossRanks {
  moments(
    g: Builder,
    own: { readonly mean: Value; readonly squares: Value },
    perSample: number,
  ): { readonly mean: Value; readonly variance: Value; readonly unbiased: Value };
  sums(
    g: Builder,
    own: { readonly bias: Value; readonly dot: Value },
    perSample: number,
  ): { readonly bias: Value; readonly dot: Value };
}

/** @param exchanges takes up each place as it is emitted */
export function acrossRanks(exchanges: Exchange[]): AcrossRanks {
  const exchanged = (g: Builder, kind: Exchange["kind"], own: readonly Value[], given: number, perSample: number) => {
    const at = exchanges.length;
    const [channels] = own[0].shape;
    const gives = Array.from({ length: given }, (_, i) => names.ofAll(at, i));
    g.output(g.Concat(own, { axis: 0 }), names.ofRank(at));
    exchanges.push({ kind, own: names.ofRank(at), gives, channels, perSample });
    return gives.map((name) => g.input(name, "float32", [channels]));
  };
  return {
    moments(g, { mean, squares }, perSample) {
      const [all, variance, unbiased] = exchanged(g, "moments", [mean, squares], 3, perSample);
      return { mean: all, variance, unbiased };
    },
    sums(g, own, perSample) {
      const [bias, dot] = exchanged(g, "sums", [own.bias, own.dot], 2, perSample);
      return { bias, dot };
    },
  };
}
