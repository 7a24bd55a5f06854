/**
 * What a report shows, as plain data. Training, shrinking and verifying produce it, files keep it
 * (metrics.jsonl, summary.json), tables and charts are pure functions of it. Fractions are in 0 … 1.
 */
import type { Interval } from "../math/bootstrap.ts";
import type { Words } from "../message.ts";

/** Shares of exact zeros, counted over groups as design.md's Figures and Huang & Lee (2022) do. */
export interface GroupSparsity {
  /** Zero groups / groups. */
  readonly groupSparsity: number;
  /** Weights in zero groups / weights in groups. */
  readonly weightedGroupSparsity: number;
}

/** What penalty or optimizer drive to zero: groups of weights, single weights, or nothing that is counted in groups. */
export type Prunes = "groups" | "weights" | "nothing";

/** One line of metrics.jsonl. */
export interface EpochMetrics extends GroupSparsity {
  /** 1-based. */
  readonly epoch: number;
  /** Training loss and accuracy, running means of the epoch; the accuracy null outside classification. */
  readonly loss: number;
  readonly accuracy: number | null;
  /** Null in an epoch that is not scored, as the validation's. */
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
  readonly valLoss?: number | null;
  readonly valAccuracy?: number | null;
  /** Zero elements / elements of all trained parameters. */
  readonly elementSparsity: number;
  /** The input-channel groups of the papers, whatever was trained. */
  readonly inputChannel: GroupSparsity;
  /** While an averaging optimizer still averages: the trained groups at its sparse point, W̃ of RMDA. */
  readonly dual?: GroupSparsity;
  /** With a penalty on singular values: how many of each weight its last proximal step kept, at the sparse point. */
  readonly ranks?: Readonly<Record<string, number>>;
  /** With `ranks`: singular values that are zero / all of them. */
  readonly lowRankLevel?: number;
  /** Groups that became zero or nonzero since the epoch before. */
  readonly patternChanges: number;
  /** Learning rate at the end of the epoch. */
  readonly lr: number;
  /** RMDA's averaging constant. */
  readonly c?: number;
  /** Where running statistics were taken anew for the evaluation: how long that took, of `seconds`. */
  readonly statisticsSeconds?: number;
  /** With a target: the share that is kept of what was asked for, at the sparse point. */
  readonly kept?: number;
  /** With a target, until the structure is cut: what λ is multiplied by in the next epoch. */
  readonly strength?: number;
  /** Of a run that shrinks while it trains: parameters of the model, and those that the next step computes with. */
  readonly stepParams?: BeforeAfter;
  /** Of such a run, where some did: how many channels came back at the end of the epoch. */
  readonly stepBack?: number;
  /** Wall time of the epoch. */
  readonly seconds: number;
  readonly msPerStep: number;
}

/** One layer with a weight, in the trained model. */
export interface LayerRow {
  readonly name: string;
  readonly shape: readonly number[];
  /** Shape in the small model; absent when the whole tensor is gone. */
  readonly smallShape?: readonly number[];
  readonly params: number;
  /** Input channels that the weight reads, and how many of them are exactly zero. */
  readonly groups: number;
  readonly zeroGroups: number;
  /** Zero weights / weights of the tensor. */
  readonly sparsity: number;
  /** Singular values kept, where the layer became two of that rank. */
  readonly rank?: number;
  /** Why something that is zero could not be removed. */
  readonly note?: string;
}

/** A figure of the full and of the small model. */
export interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

/** What the truncation of singular values left of one layer. */
export interface RankRow {
  readonly weight: string;
  /** Singular values to keep, of so many; a layer that stays one keeps all of them where `error` is 0. */
  readonly rank: number;
  readonly full: number;
  /** Elements of the weight. */
  readonly params: BeforeAfter;
  /** Whether it became two layers. */
  readonly split: boolean;
  /** Relative error of the weight, Frobenius norm. */
  readonly error: number;
}

/** What memory the process of a run is expected to have at most, in bytes, and of what. */
export interface MemoryEstimate {
  /** All of the following. */
  readonly peak: number;
  /** What it has before its steps: the runtime, the model, the data. */
  readonly process: number;
  /** Parameters, running statistics and the optimizer's slots, each twice: a step reads one set and writes the other. Summed gradients. */
  readonly state: number;
  /** The values of a step, and the runtime's own; those of an epoch's smaller last batch. */
  readonly step: number;
  /** The values of an evaluation. */
  readonly evaluation: number;
  /** What is free beside what the process has; null where the engine does not know. */
  readonly free: number | null;
  /** Whether steps compute values again to keep less: as asked, or because they would take more than is free. */
  readonly recompute: boolean;
}

/** Truncation of singular values: lossy, unlike everything else. */
export interface LowRank {
  /** local, global or iterative; prox = what a penalty's last proximal step kept, where nothing more than rounding is lost. */
  readonly rule: string;
  /** Linear maps per layer in training; 1 = it was not composed. */
  readonly factors: number;
  /** Epochs of training after truncation. */
  readonly fineTuned: number;
  /** Largest difference of outputs when the factors are multiplied back, relative: rounding. */
  readonly recomposedRelDiff: number;
  /** Test accuracy right after truncation, before fine-tuning; null outside classification. */
  readonly truncatedAccuracy: number | null;
  /** Largest difference of the full and the small model's outputs, relative; with truncation not rounding but what was lost. */
  readonly smallRelDiff: number;
  /** Of choosing ranks and fine-tuning. */
  readonly seconds: number;
  readonly layers: readonly RankRow[];
}

/** Of a run whose model answers no better than guessing. */
export interface Collapse {
  /** Accuracy of always answering the most frequent class of the test samples. */
  readonly guessing: number;
  /** Weights in which every number is zero. */
  readonly zeroWeights: readonly string[];
  /** The first node that gives every sample the same, and whether that is zeros. */
  readonly alikeFrom?: { readonly node: string; readonly op: string; readonly zero: boolean };
  /** What to change. */
  readonly fix: Words;
}

/** Of a run whose step was tuned to its machine. */
export interface TunedStep {
  /** What it holds for: runtime, device, threads. */
  readonly engine: string;
  /** What finding it took; 0 where it was known. */
  readonly seconds: number;
  /** Milliseconds of a step by the built-in thresholds and as tuned, of which the faster is computed; null where they are the same. */
  readonly took: { readonly thresholds: number; readonly tuned: number } | null;
  /** Whether it is computed as tuned. */
  readonly gained: boolean;
}

/** summary.json */
export interface Summary extends GroupSparsity {
  /** Zero elements / elements of all trained parameters. */
  readonly elementSparsity: number;
  /** What the run drove to zero, which `groupSparsity` counts; of "nothing" it counts coupled groups. */
  readonly prunes?: Prunes;
  /** The λ that a search for a share of the parameters found. */
  readonly lambda?: number;
  /** How the model that was given did on the test samples, where that was asked for. */
  readonly baseline?: { readonly loss: number; readonly accuracy: number | null };
  /** Test accuracy of model.onnx; null outside classification. */
  readonly accuracy: number | null;
  readonly smallAccuracy: number | null;
  /** Present when that is no better than guessing. */
  readonly collapse?: Collapse;
  /** Test loss of model.onnx. */
  readonly loss: number;
  readonly smallLoss: number;
  /** The papers' input-channel groups, always reported so that any two runs can be compared. */
  readonly inputChannel: GroupSparsity;
  /** The same by the name of the weight: its input channels, and how many of them are exactly zero. */
  readonly layers?: Readonly<Record<string, { readonly groups: number; readonly zero: number }>>;
  /** With a penalty on singular values: zero ones / all of them, and how many of each weight are left. */
  readonly lowRankLevel?: number;
  readonly ranks?: Readonly<Record<string, number>>;
  readonly params: BeforeAfter;
  /** Multiply-adds for one example. */
  readonly macs: BeforeAfter;
  /** Size of the .onnx file. */
  readonly bytes: BeforeAfter;
  /** Median at batch 1. */
  readonly latencyMs: BeforeAfter;
  /** Median at batch 128. */
  readonly latencyMsBatch128: BeforeAfter;
  /** Of a run that was steered to a time. */
  readonly latency?: LatencyReached;
  /** Present when singular values were truncated; then, unless its rule is prox, the small model differs from the full one by more than rounding. */
  readonly lowRank?: LowRank;
  /** What memory was expected before the first step; absent where nobody could tell. */
  readonly memory?: MemoryEstimate;
  /** Present when the formulations of the step were timed. */
  readonly tuning?: TunedStep;
  /**
   * Largest |full − small| over the outputs of all verification inputs; where truncation is lossy, |truncated − small|, which is
   * what shrinking changed.
   */
  readonly maxAbsDiff: number;
  /** The same, divided by max(1e-6, max |full|) or max |truncated|. */
  readonly maxRelDiff: number;
  readonly epochs: number;
  /** Of training, and of choosing ranks and fine-tuning after it. */
  readonly seconds: number;
  readonly msPerStep: number;
  /** The epoch after which the zero pattern never changed again; null if it changed in the last one. */
  readonly structureStableSince: number | null;
}

/** What was asked for and what there is, at one batch size. */
export interface LatencyReached {
  readonly batch: number;
  readonly threads: number;
  /** Milliseconds that were asked for: the share of what the model took when its table was measured. */
  readonly wanted: number;
  /** Milliseconds, each with its 95 % interval. */
  readonly full: Interval;
  readonly small: Interval;
  /** The small model's time over the full one's, within rounds. */
  readonly share: Interval;
  /** The share that was asked for. */
  readonly wantedShare: number;
}

/** One kind of removal, counted. */
export interface RemovalRow {
  /** The tensor that lost slices. */
  readonly tensor: string;
  /** null: the whole tensor went. */
  readonly axis: number | null;
  readonly count: number;
  /** Why that is sound: unread, zero, folded constant. */
  readonly reason: string;
}

/** How to run the small model. */
export interface ModelInput {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly output: string;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** One accuracy-against-sparsity curve. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly sparsity: number; readonly accuracy: number; readonly label?: string }[];
}

/** Everything that report.html shows. */
export interface RunReport {
  readonly title: string;
  /** run.json's configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Versions, threads, device, platform. */
  readonly environment: Readonly<Record<string, string | number>>;
  readonly epochs: readonly EpochMetrics[];
  readonly layers: readonly LayerRow[];
  readonly summary: Summary;
  readonly removals: readonly RemovalRow[];
  readonly input: ModelInput;
  /** Of a run that ended at guessing: that it did and why, and what to change. */
  readonly collapsed?: { readonly words: string; readonly fix: string };
  /** Epochs after which the learning rate drops (and RMDA restarts); thin lines in the charts. */
  readonly milestones?: readonly number[];
}
