/** The options of `train`, resolved and checked before any work is done. */
import { checkInteger } from "../checks.ts";
import { batchSizes, checkPlan } from "../data/batches.ts";
import { checkDataset } from "../data/check.ts";
import type { Dataset } from "../data/dataset.ts";
import { sampleOrder } from "../data/order.ts";
import type { SamplePlaces } from "../data/places.ts";
import type { Augment } from "../data/split.ts";
import type { Engine } from "../engine/engine.ts";
import { EspalierError, UsageError } from "../error.ts";
import { checkWeights } from "../graph/finite.ts";
import type { Model } from "../graph/types.ts";
import { named, say, type Words } from "../message.ts";
import { hasGivenHead, hasGivenWeights } from "../onnx/given-weights.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { checkPair } from "../optim/pairs.ts";
import { inTwoParts, type Schedule } from "../optim/schedule.ts";
import type { Penalty } from "../prox/penalty.ts";
import type { MemoryEstimate } from "../report/results.ts";
import type { Normalization } from "../step/input.ts";
import { crossEntropy, type Loss } from "../step/loss.ts";
import { parameters } from "../step/parameters.ts";
import type { LossPlan } from "../step/plan.ts";
import { checkCache, checkDistill, type DistillOptions, teacherOf } from "./distill.ts";
import { freezeParameters, frozen } from "./freeze.ts";
import { checkDynamicBatch, checkInputs, inputPlans, placesOf } from "./inputs.ts";
import { checkWithin, epochsOf } from "./length.ts";
import { normalizationNote, normalizationOf } from "./normalization.ts";
import { checkOperators } from "./operators.ts";
import { statisticsBatches } from "./precise-statistics.ts";
import type { Progress } from "./progress.ts";
import { checkCommunicator, leastShare } from "./ranks/check.ts";
import type { Communicator } from "./ranks/communicator.ts";
import type { Score } from "./score.ts";
import type { Sparing } from "./sessions.ts";
import { type Steering, withTimes } from "./steering.ts";
import type { Store } from "./store.ts";
import { checkSwitches, wantsWhole } from "./switches.ts";
import { type Losses, lossTerms } from "./terms.ts";
import { checkThinning, shrinkingOf } from "./thinning-options.ts";
import type { RunTuneOptions } from "./tune-model.ts";

/** Options of `train`. */
export interface TrainOptions extends Sparing {
  /** What runs the graphs: `node()` of "espalier/node". */
  readonly engine: Engine;
  /** How weights are moved: `sgd()`, `rmda()` and the others. It says which penalties go with it. */
  readonly optimizer: Optimizer;
  /** The learning rate over time: `constant`, `multiStep`, `cosine`, or one of them behind a `warmup`. */
  readonly schedule: Schedule;
  /** Default: none, dense training. */
  readonly penalty?: Penalty;
  /** Default `crossEntropy()`. A loss for each of several outputs: `{ logits: crossEntropy(), boxes: meanAbsoluteError() }`. */
  readonly loss?: Loss | Losses;
  /** The output that the loss attaches to. Default: the first. */
  readonly output?: string;
  /** A teacher whose answers count beside the labels. Default: none. */
  readonly distill?: DistillOptions;
  /** Passes over the training samples, ≥ 1. No default, but with `steps`: schedules and stages are planned over all of them. */
  readonly epochs?: number;
  /**
   * In place of `epochs`: the run ends after so many steps of the optimizer, ≥ 1, within an epoch if need be. Epochs in a schedule
   * stay passes over the samples; what falls to the end of a run (`cosine`) falls to the last step.
   */
  readonly steps?: number;
  /**
   * Epochs over which λ rises linearly from 0. Default: a tenth of all epochs, but no longer than the first stage.
   * A penalty that acts in full while the loss still lies on its first plateau empties deep networks; the papers have none (0).
   */
  readonly lambdaWarmup?: number;
  /**
   * Steers λ to a size, cuts to it exactly and trains on what stays: `structureTarget`. A schedule without milestones then runs twice,
   * up to the cut and behind it. Default: λ stays what the penalty says.
   */
  readonly target?: Steering;
  /**
   * Shrinking while training: after every so many epochs, ≥ 1, steps go on without the channels that nothing reads any more, and get
   * cheaper; one comes back where the whole network's gradients want it. All other weights are trained as without it, but for rounding
   * (`model` and files keep every weight). Wants a penalty that makes what reads channels zero. false = never.
   * Default: 5 with a target, and for rmda, proxSgd and hspg with groupLasso or l1; else never.
   */
  readonly shrinkEvery?: number | false;
  /**
   * With `shrinkEvery`: for how many epochs on end, ≥ 1, all that reads a channel has been zero when it leaves; with an averaging
   * optimizer, epochs after its last restart with c = 1. What a target cuts, and zeros of HSPG's second stage, leave at once. Default 3.
   */
  readonly shrinkAfter?: number;
  /** Default 128. The last, partial batch of an epoch is kept. */
  readonly batchSize?: number;
  /**
   * Into how many parts a batch is split, ≤ batchSize. Their gradients are added up in float32 before the weights move once: the step
   * of the whole batch in the memory of a part, but for batch norm, which normalizes by each part's own statistics; there a part has
   * at least two samples, so that there are at most half as many parts as samples. Default 1.
   */
  readonly accumulate?: number;
  /** Whether each epoch visits the samples in an order of its own, drawn by the seed. Default true; false = the order of the data. */
  readonly shuffle?: boolean;
  /**
   * The order itself: indices of training samples, as many as there are, for all epochs alike, or as many for each of the epochs, one
   * epoch after the other. Default: that of `shuffle`.
   */
  readonly order?: readonly number[] | Uint32Array;
  /** Test and validation samples are scored after every so many epochs, and after the last. Default 1. */
  readonly evalEvery?: number;
  /** With a store: the loss and lr of every step go to steps.jsonl. Default false. */
  readonly logSteps?: boolean;
  /** Of shuffling, augmentation and dropout. Default 1. */
  readonly seed?: number;
  /**
   * Parameters that stay as they are, by name (`*` stands for any characters but `.` and `/`, `**` for any characters) or by the
   * operator that reads them ("op:Conv"). Default: none. Constants among a model's stored tensors stay anyway: `inspect` lists
   * them with the reason.
   */
  readonly freeze?: readonly string[];
  /** Trains these and nothing else, constants too; patterns as in `freeze`. Default: every parameter. */
  readonly trainOnly?: readonly string[];
  /** Default: the data set's own; null = none. */
  readonly augment?: Augment | null;
  /**
   * Default: what the model's metadata records (a model that was trained before), else what was given with the samples, else x / 255 for
   * weights from a file and the data set's own for new ones; null = none.
   */
  readonly normalization?: Normalization | null;
  /**
   * Over how many batches of training samples the running statistics of batch norm are taken anew, with the weights as they are, before
   * each evaluation and for `run.model` (`preciseStatistics`); the steps go on with those that they carry along. false = evaluate by
   * what the steps carry, as torch does. Default: 50 where the model has batch norm and the optimizer takes a penalty or cuts by
   * itself, so that weights move faster than what is carried along; else false.
   */
  readonly preciseStatistics?: number | false;
  /**
   * Whether the given model is scored on the test samples before the first step (`run.baseline`): what a wrong preprocessing shows in at
   * once. Default: when its weights are from a file, the classifier's too. A resumed run keeps the score that it began with.
   */
  readonly baseline?: boolean;
  /**
   * The processes that train together, each on its share of every batch: `mpi()` of "espalier/node". The step is that of the whole
   * batch in one process, but for the order of sums and for batch norm, which normalizes by each rank's own statistics (running ones
   * are the ranks' mean) without `syncBatchNorm`. All are started with the same arguments, a store among them where there is one; rank 0 alone writes. Not with `tune`. Default: this process alone.
   */
  readonly communicator?: Communicator;
  /**
   * With a communicator: batch norm normalizes by the statistics of all ranks' samples, and its gradients go through them, as torch's
   * SyncBatchNorm. The step waits for the other ranks twice at each batch norm. Not with `accumulate`. Default false.
   */
  readonly syncBatchNorm?: boolean;
  /** Where checkpoints and metrics.jsonl go. Default: nowhere. */
  readonly store?: Store;
  /** Go on from the store's checkpoint if there is one. Default false. */
  readonly resume?: boolean;
  /** Start afresh although the store holds a run. Default false. */
  readonly overwrite?: boolean;
  /** A checkpoint is written every epoch and whenever this many seconds have passed. Default 60. */
  readonly checkpointSeconds?: number;
  /**
   * Times the formulations of the step on this machine before the first one, and computes with the fastest where the whole step gains
   * by them: at most 20 s, or twenty steps where these take longer, once with a cache. false = the built-in thresholds', so that
   * other machines with the same vector kernels end with the same bytes. The checkpoint keeps what was found: a resume ends with the
   * same bytes whatever it says here; on another machine it is tuned anew, unless it says false.
   * Default: `{ when: "long" }`. What that found for a step stays, as long as the engine's cache keeps it, so that equal runs are equal.
   */
  readonly tune?: RunTuneOptions | false;
  /** Stops after the current step, with a checkpoint; at once while formulations are timed, where there is nothing to keep yet. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (p: Progress) => void;
  /** Hears the baseline when it is known. */
  readonly onBaseline?: (score: Score) => void;
  /** Hears, before the first step, what memory the run is expected to take. */
  readonly onMemory?: (estimate: MemoryEstimate) => void;
}

type Defaults =
  | "loss"
  | "lambdaWarmup"
  | "batchSize"
  | "accumulate"
  | "epochs"
  | "shuffle"
  | "evalEvery"
  | "logSteps"
  | "seed"
  | "checkpointSeconds"
  | "resume"
  | "overwrite"
  | "freeze"
  | "baseline"
  | "preciseStatistics"
  | "shrinkAfter";
/** Options with every default filled in. */
export type Resolved = Omit<TrainOptions, Defaults | "augment" | "normalization" | "order" | "shrinkEvery"> &
  Required<Pick<TrainOptions, Defaults>> & {
    readonly shrinkEvery: number | undefined;
    readonly augment: Augment | undefined;
    readonly order?: Uint32Array;
    readonly normalization: Normalization | undefined;
    /** How samples differ in length, in batches of which each has one of a few. */
    readonly places: SamplePlaces | undefined;
    /** What to tell of a normalization that nobody said. */
    readonly assumed: Words | undefined;
  } & LossPlan;

/** @throws UsageError, EspalierError when options, model and data do not fit together */
export function resolveOptions(model: Model, data: Dataset, options: TrainOptions): Resolved {
  checkDataset(data);
  checkInputs(model, data);
  checkDynamicBatch(model);
  checkOperators(model.graph, "gradient");
  checkWeights(model.graph);
  const loss = options.loss ?? crossEntropy();
  const graph = freezeParameters(model.graph, frozen(model, options));
  const { trained, running } = parameters(graph);
  const batchSize = options.batchSize ?? 128;
  checkInteger("batchSize", batchSize, 1);
  const stepsPerEpoch = batchSizes(data.train.count, batchSize, { mergeSingle: running.length > 0 }).length;
  const epochs = epochsOf(options, stepsPerEpoch);
  const normalization = normalizationOf(model, data, options.normalization);
  const terms = lossTerms(model, data, loss, options.output);
  const { distill, target } = options;
  if (distill) checkDistill(distill);
  const resolved: Resolved = {
    ...options,
    ...(target && { schedule: inTwoParts(options.schedule, target.cutAfter(epochs, hasGivenWeights(model))) }),
    ...(options.penalty && { penalty: withTimes(options.penalty, target?.times) }),
    loss,
    lambdaWarmup:
      options.lambdaWarmup ??
      Math.min(
        (options.steps ?? epochs * stepsPerEpoch) / stepsPerEpoch / 10,
        options.schedule.milestones[0] ?? epochs,
      ),
    epochs,
    batchSize,
    shuffle: options.shuffle ?? true,
    order: options.order && sampleOrder(options.order, data.train.count, epochs),
    evalEvery: options.evalEvery ?? 1,
    logSteps: options.logSteps ?? false,
    accumulate: options.accumulate ?? 1,
    seed: options.seed ?? 1,
    shrinkEvery: undefined, // below, once all else is right
    shrinkAfter: options.shrinkAfter ?? 3,
    freeze: options.freeze ?? [],
    checkpointSeconds: options.checkpointSeconds ?? 60,
    resume: options.resume ?? false,
    overwrite: options.overwrite ?? false,
    baseline: options.baseline ?? hasGivenHead(model),
    preciseStatistics: running.length > 0 && (options.preciseStatistics ?? statisticsBatches(options)),
    augment: options.augment === null ? undefined : (options.augment ?? data.augment),
    normalization,
    places: wantsWhole(data, options) ? undefined : placesOf(model, data),
    assumed: normalizationNote(model, data, options.normalization),
    inputs: inputPlans(model, data, normalization),
    terms,
    ...(distill && { teacher: teacherOf(distill, model, data, { terms, normalization }) }),
  };
  checkInteger("evalEvery", resolved.evalEvery, 1);
  if (options.communicator)
    checkCommunicator(options.communicator, { ...resolved, least: leastShare(running, resolved) });
  if (distill?.cache) checkCache(resolved);
  checkSwitches(resolved);
  checkInteger("accumulate", resolved.accumulate, 1);
  if (options.preciseStatistics !== false && options.preciseStatistics !== undefined)
    checkInteger("preciseStatistics", options.preciseStatistics, 1);
  if (resolved.accumulate > resolved.batchSize)
    throw new UsageError(
      "out-of-range",
      say`${named("accumulate")} splits a batch into more parts than it has samples`,
      { got: resolved.accumulate, wanted: `1 … ${resolved.batchSize}, the batch size` },
      "use fewer parts, or a larger batch",
    );
  if (!(resolved.lambdaWarmup >= 0 && resolved.lambdaWarmup < resolved.epochs))
    throw new UsageError("out-of-range", say`${named("lambdaWarmup")} is out of range`, {
      got: resolved.lambdaWarmup,
      wanted: `[0, ${resolved.epochs})`,
    });
  checkInteger("seed", resolved.seed, Number.MIN_SAFE_INTEGER);
  if (!(resolved.checkpointSeconds >= 0))
    throw new UsageError("out-of-range", say`${named("checkpointSeconds")} is out of range`, {
      got: resolved.checkpointSeconds,
      wanted: "a number ≥ 0",
    });

  const { optimizer, penalty, schedule } = resolved;
  checkPair(optimizer, penalty);
  checkWithin(epochs, "a milestone", schedule.milestones);
  checkWithin(epochs, "a restart", optimizer.restarts ?? []);
  if (trained.length === 0)
    throw new EspalierError("nothing-to-do", "the model has no parameters to train", {
      frozen: resolved.freeze.join(", ") || undefined,
      wanted: "float32 initializers",
    });
  const { seed, augment } = resolved;
  checkPlan(data.train, { shape: data.shape, batchSize, seed, epochs, augment });
  const shrinking = { ...resolved, shrinkEvery: shrinkingOf(options, graph) };
  checkThinning(shrinking, options);
  return shrinking;
}
