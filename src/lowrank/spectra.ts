/**
 * Singular values of a model's layers, each as its matrix out × (in·k²), and how many of them matter. Effective rank:
 * Roy & Vetterli 2007, "The effective rank: a measure of effective dimensionality".
 */

import { EspalierError } from "../error.ts";
import { aList, aModel, anObject, maybe, wants } from "../given.ts";
import { storedMatching } from "../graph/stored-matching.ts";
import type { Model } from "../graph/types.ts";
import { type Svd, svd } from "../math/svd.ts";
import { type MatrixLayer, matrixLayers, type Skipped, toMatrix } from "./layers.ts";
import { recompose } from "./recompose.ts";

/** The singular values of one layer. */
export interface Spectrum {
  readonly weight: string;
  /** Gemm, MatMul or Conv. */
  readonly op: string;
  /** Of the matrix: outputs × inputs, times the kernel's size. */
  readonly rows: number;
  readonly columns: number;
  /** Singular values, descending; min(rows, columns) of them. */
  readonly values: Float64Array;
  /** How many exceed 1 % of the largest. */
  readonly numericRank: number;
  /** The fewest that hold 99.9 % of Σσ². */
  readonly energyRank: number;
  /** exp(−Σ pⱼ log pⱼ) with pⱼ = σⱼ / Σσ, a real number; 0 for a zero matrix. */
  readonly effectiveRank: number;
}

/** A layer and its decomposition, for truncation. */
interface Decomposed extends Spectrum {
  readonly layer: MatrixLayer;
  readonly svd: Svd;
}

/** All layers of a model, decomposed. */
export interface Spectra {
  /** The model, composed back if it was composed. */
  readonly model: Model;
  readonly layers: readonly Decomposed[];
  /** Weights that have no matrix of their own (grouped convolutions, shared weights) or are frozen. */
  readonly skipped: readonly Skipped[];
}

/** Options of `spectra`. */
export interface SpectraOptions {
  /** Parameters whose layers stay as they are; * and ** as for training. Default none. */
  readonly freeze?: readonly string[];
}

/**
 * Decomposes every linear and ordinary convolutional layer; composed layers are composed back first.
 * @throws EspalierError when a weight is NaN or infinite; UsageError when a name to freeze matches nothing
 */
export function spectra(model: Model, options: SpectraOptions = {}): Spectra {
  wants(
    "spectra",
    ["model", aModel, model],
    ["options", anObject, options],
    ["freeze", maybe(aList), options, "freeze"],
  );
  const { freeze = [] } = options;
  const whole = recompose(model);
  const frozen = storedMatching(whole.graph, freeze, "freeze");
  const { layers, skipped } = matrixLayers(whole.graph);
  return {
    model: whole,
    layers: layers.filter(({ weight }) => !frozen.has(weight.name)).map(decompose),
    skipped: [
      ...skipped,
      ...layers
        .filter(({ weight }) => frozen.has(weight.name))
        .map(({ weight }) => ({ weight: weight.name, why: "is frozen" })),
    ],
  };
}

function decompose(layer: MatrixLayer): Decomposed {
  const { node, weight, tensor, rows, columns } = layer;
  const found = named(weight.name, () => svd(toMatrix(node, tensor), rows, columns));
  const { s } = found;
  const ranks = { numericRank: numericRank(s), energyRank: energyRank(s), effectiveRank: effectiveRank(s) };
  return { weight: weight.name, op: node.op, rows, columns, values: s, ...ranks, layer, svd: found };
}

/** An error says which weight it is about; the weights may come from a file as well as from training. */
function named<T>(weight: string, work: () => T): T {
  try {
    return work();
  } catch (e) {
    if (!(e instanceof EspalierError)) throw e;
    throw new EspalierError(
      e.code,
      e.what,
      { weight, ...e.details },
      "if it was trained so, training diverged: use a smaller lr; if it was imported, export it again with finite weights",
    );
  }
}

const numericRank = (s: Float64Array): number => s.filter((x) => x > 0.01 * s[0]).length;

function energyRank(s: Float64Array): number {
  const total = s.reduce((sum, x) => sum + x * x, 0);
  let held = 0;
  for (let r = 0; r < s.length; r++) {
    if (held >= 0.999 * total) return r;
    held += s[r] * s[r];
  }
  return s.length;
}

function effectiveRank(s: Float64Array): number {
  const total = s.reduce((sum, x) => sum + x, 0);
  if (total === 0) return 0;
  const entropy = s.reduce((sum, x) => (x > 0 ? sum - (x / total) * Math.log(x / total) : sum), 0);
  return Math.exp(entropy);
}
