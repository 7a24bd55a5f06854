/**
 * The iterative rule of LoRITa (Zhang, Alkhouri & Wang 2024; "iter_training" of the authors' code): ranks go down greedily, always in the
 * layer whose truncation costs the least loss E(l) on a few training samples (120 in the paper), while the accuracy stays
 * within a tolerance. The grid of ranks is halved from pass to pass. Unlike the code, accuracy is judged on held-out or
 * training samples, never on the test set, and nothing is fine-tuned inside the search.
 */

import { checkInteger } from "../checks.ts";
import { type Dataset, limitTrain } from "../data/dataset.ts";
import type { Split } from "../data/split.ts";
import { UsageError } from "../error.ts";
import { aDataset, anEngine, anObject, wants } from "../given.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { fromMatrix, kernelOf } from "../lowrank/layers.ts";
import type { Ranks } from "../lowrank/ranks.ts";
import { type Spectra, spectra } from "../lowrank/spectra.ts";
import { weave } from "../math/matrix.ts";
import { Evaluator, type ScoringOptions } from "../train/evaluator.ts";

/** One reduction that was tried. */
export interface RankStep {
  /** The layer whose truncation cost least, and its new rank. */
  readonly weight: string;
  readonly rank: number;
  /** Loss on the few samples. */
  readonly loss: number;
  readonly accuracy: number;
  /** Whether the accuracy is within the tolerance. */
  readonly accepted: boolean;
}

/** Options of `searchRanks`. */
export interface RankSearchOptions extends ScoringOptions {
  /** How far the accuracy may fall, as a fraction. Default 0.01, one point. */
  readonly tolerance?: number;
  /** Random training samples that E(l) is taken on. Default 120. */
  readonly samples?: number;
  /** By how much ranks go down in the first pass; halved until it is 1. Default 8, as the code's for ResNet-20; 32 for VGG. */
  readonly grid?: number;
  /** No layer goes below. Default 2. */
  readonly least?: number;
  /** A pass ends after so many reductions in a row that were not accepted. Default 4. */
  readonly patience?: number;
  /** Where accuracy is judged. Default: the validation split, else 5,000 random training samples. */
  readonly split?: Split;
  /** Of the drawing of samples. Default 1. */
  readonly seed?: number;
  /** Called after every reduction. */
  readonly onStep?: (step: RankStep) => void;
  /** Stops the search, which then fails with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a search came to. */
export interface RankSearch {
  /** For `truncate`. */
  readonly ranks: Ranks;
  /** Accuracy before, and at the ranks found, on the split that judges. */
  readonly reference: number;
  readonly accuracy: number;
  readonly steps: readonly RankStep[];
}

const JUDGES = 5000;

/**
 * Ranks at which the model keeps its accuracy. Deterministic on one machine and thread count.
 * @param source the model, or its spectra when they are at hand
 * @throws UsageError for options out of range and for data without classes; the signal's reason once it is aborted
 */
export async function searchRanks(
  source: Model | Spectra,
  data: Dataset,
  options: RankSearchOptions,
): Promise<RankSearch> {
  wants(
    "searchRanks",
    ["source", anObject, source],
    ["data", aDataset, data],
    ["options", anObject, options],
    ["engine", anEngine, options, "engine"],
  );
  const { tolerance = 0.01, samples = 120, grid = 8, least = 2, patience = 4, seed = 1, onStep, signal } = options;
  for (const [name, x] of Object.entries({ samples, grid, least, patience })) checkInteger(name, x, 1);
  if (!(tolerance >= 0 && tolerance < 1))
    throw new UsageError("out-of-range", "the tolerance is out of range", {
      got: tolerance,
      wanted: "a fraction ≥ 0 and < 1",
    });
  if (data.classes === null)
    throw new UsageError(
      "conflict",
      "a search for ranks judges by accuracy, which these targets do not have",
      { data: data.name },
      "use the local or global rule",
    );
  const found = "layers" in source ? source : spectra(source);
  const few = limitTrain(data, samples, seed).train;
  const judge = options.split ?? data.val ?? limitTrain(data, JUDGES, seed).train;
  const evaluator = new Evaluator(found.model, data, options);
  const atRank = truncations();
  try {
    const reference = (await evaluator.score(judge)).accuracy!;
    let best: State = { ranks: new Map(), tensors: new Map(), accuracy: reference };
    const steps: RankStep[] = [];
    for (let g = grid; g >= 1; g = Math.floor(g / 2)) {
      let state = best;
      for (let failures = 0; failures < patience; ) {
        const cheapest = await cheapestStep(found, state, { g, least, atRank }, (t) => {
          signal?.throwIfAborted();
          return evaluator.score(few, t);
        });
        if (!cheapest) break;
        const { weight, rank, loss, tensors } = cheapest;
        const accuracy = (await evaluator.score(judge, tensors)).accuracy!;
        state = { ranks: new Map([...state.ranks, [weight, rank]]), tensors, accuracy };
        const accepted = accuracy >= reference - tolerance - 1e-12;
        if (accepted) best = state;
        failures = accepted ? 0 : failures + 1;
        steps.push({ weight, rank, loss, accuracy, accepted });
        onStep?.(steps.at(-1)!);
      }
    }
    const ranks = new Map(found.layers.map((l) => [l.weight, best.ranks.get(l.weight) ?? l.values.length]));
    return { ranks, reference, accuracy: best.accuracy, steps };
  } finally {
    await evaluator.release();
  }
}

/** Reduced layers: their ranks and their weights at these ranks. */
interface State {
  readonly ranks: Ranks;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly accuracy: number;
}

/** Of all layers that can go down by g, the one that then has the least loss. */
async function cheapestStep(
  { layers }: Spectra,
  state: State,
  { g, least, atRank }: { g: number; least: number; atRank: ReturnType<typeof truncations> },
  lossOf: (tensors: ReadonlyMap<string, Tensor>) => Promise<{ loss: number }>,
) {
  let cheapest: { weight: string; rank: number; loss: number; tensors: ReadonlyMap<string, Tensor> } | undefined;
  for (const l of layers) {
    const rank = (state.ranks.get(l.weight) ?? l.values.length) - g;
    if (rank < least) continue;
    const tensors = new Map([...state.tensors, [l.weight, atRank(l, rank)]]);
    const { loss } = await lossOf(tensors);
    if (!cheapest || loss < cheapest.loss) cheapest = { weight: l.weight, rank, loss, tensors };
  }
  return cheapest;
}

/** Weights at a rank; the last one of each layer is remembered, because most layers stay between two steps. */
function truncations(): (layer: Layer, rank: number) => Tensor {
  const last = new Map<string, { rank: number; tensor: Tensor }>();
  return ({ weight, layer, svd, rows }, rank) => {
    const known = last.get(weight);
    if (known?.rank === rank) return known.tensor;
    const tensor = fromMatrix(layer.node, weave(svd.u, svd.v, svd.s, { rank }), rows, kernelOf(layer.weight));
    last.set(weight, { rank, tensor });
    return tensor;
  };
}

type Layer = Spectra["layers"][number];
