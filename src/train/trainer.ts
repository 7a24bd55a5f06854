/**
 * Graph, state and sessions of a run, as one value. It takes batches of any size, compiles what they need when they need it, and can
 * be rebuilt between two steps: for another engine, a smaller graph, other parts of a batch.
 */
import type { Batch, Loader } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import type { SamplePlaces } from "../data/places.ts";
import type { Split } from "../data/split.ts";
import { type Engine, withUploaded } from "../engine/engine.ts";
import type { Graph, Model, Tensor } from "../graph/types.ts";
import type { Tuning } from "../lower/tuning/tuning.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Moment, Schedule } from "../optim/schedule.ts";
import type { Penalty, PenaltyMetrics } from "../prox/penalty.ts";
import type { MemoryEstimate } from "../report/results.ts";
import { type LabelPlan, labelPlans, mixedPlans } from "../step/loss.ts";
import { names } from "../step/names.ts";
import { parameters, withTensors } from "../step/parameters.ts";
import type { LossPlan, StepPlan } from "../step/plan.ts";
import { type TrainingPrograms, trainingPrograms } from "../step/programs.ts";
import { weightFeeds } from "./feeds.ts";
import { type Gathering, gatherStatistics } from "./gather-statistics.ts";
import { leastShare } from "./ranks/check.ts";
import type { Communicator } from "./ranks/communicator.ts";
import { type Score, score } from "./score.ts";
import { Sessions, type Sparing } from "./sessions.ts";
import { State } from "./state.ts";
import { keptWithin } from "./steering.ts";
import { type ExpectedBatches, estimateOf } from "./step-memory.ts";
import { type StepMemory, Stepper, type StepResult } from "./stepper.ts";
import type { StepperParts } from "./stepper-parts.ts";
import { type Thin, thinned, whole } from "./thin.ts";

/** What a trainer is made of. */
export interface TrainerOptions extends Sparing {
  readonly engine: Engine;
  /** With the weights to begin from. Every float32 initializer is trained: what is frozen is none. */
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly penalty?: Penalty;
  readonly schedule: Schedule;
  readonly inputs: LossPlan["inputs"];
  /** How the samples of a split that is scored differ in length. Default: they do not */
  readonly places?: SamplePlaces;
  readonly terms: LossPlan["terms"];
  readonly teacher?: LossPlan["teacher"];
  readonly seed: number;
  /** Into how many parts a batch is split, whose gradients are added up. Default 1. */
  readonly accumulate?: number;
  /** Who else computes a share of every batch. Default: nobody. */
  readonly communicator?: Communicator;
  /** Whether batch norm normalizes by the samples of all who do. Default false. */
  readonly syncBatchNorm?: boolean;
  /** Where the batches come from of splits that are scored and not in memory. Default: prepared in-process. */
  readonly batches?: Loader;
  /** Which formulations the engine's machine prefers. Default: those of the built-in thresholds. */
  readonly tuning?: Tuning;
  /** The model's graph without channels that nothing reads. Default: all of it is computed. */
  readonly thin?: Thin;
}

/** What is other in a trainer that is rebuilt; the rest stays. */
export interface Rebuild {
  /** Goes on there. */
  readonly engine?: Engine;
  /** Another graph with the weights in it, made of `trainer.model()`. Penalty and optimizer are bound to it anew. */
  readonly graph?: Graph;
  /**
   * With another graph: what becomes of an optimizer's slot, which is shaped as its parameter, for example the channels that are
   * left of it. Default: it stays as it is.
   */
  readonly carry?: (slot: Tensor, of: { readonly slot: string; readonly param: string }) => Tensor;
  readonly accumulate?: number;
  /** Default: the same on the same engine, none on another one. */
  readonly tuning?: Tuning;
  /** The same graph without channels that nothing reads, however it was before. */
  readonly thin?: Thin;
}

export class Trainer {
  /** Optimizer and penalty as they are bound to the graph. */
  readonly plan: StepPlan;
  private readonly labels: readonly LabelPlan[];
  private readonly options: TrainerOptions;
  private readonly sessions: Sessions<TrainingPrograms>;
  private readonly state: State;
  private readonly parts: StepperParts;
  private readonly stepper: Stepper;

  /** @throws UsageError, EspalierError when optimizer or penalty cannot be bound to the graph */
  constructor(options: TrainerOptions) {
    const { engine, penalty, inputs, terms, teacher, schedule, seed, accumulate = 1, thin, communicator } = options;
    const full = options.model.graph; // of which the groups are, whatever is computed of it
    const bound = penalty?.bind(full);
    const fitted = options.optimizer.bind?.({ graph: full, penalty: bound, seed }) ?? options.optimizer;
    const optimizer = thin ? keptWithin(fitted, thin.pinned) : fitted;
    const model = thin ? { ...options.model, graph: thin.graph } : options.model;
    const { graph } = model;
    this.options = options;
    this.plan = { inputs, terms, teacher, optimizer, penalty: bound };
    this.labels = labelPlans(graph, terms);
    this.sessions = new Sessions(engine, trainingPrograms(model, this.plan), options.tuning, options);
    this.state = new State(engine, graph, optimizer, bound?.hostProx?.tracked);
    const { syncBatchNorm } = options;
    const leastPart = leastShare(parameters(graph).running, options);
    const { plan, sessions, state, labels } = this;
    const how = { schedule, seed, accumulate, leastPart, communicator, syncBatchNorm, partial: thin?.masks };
    const fed = [...labels, ...mixedPlans(terms)];
    this.parts = { engine, plan, sessions, state, labels: fed, ...how };
    this.stepper = new Stepper(this.parts);
  }

  /** Uploads the weights and makes the optimizer's slots, before the first step of a run that is not restored. */
  begin(): Promise<void> {
    this.state.begin();
    return this.stepper.restart();
  }

  /** Which formulations it computes with, if that was tuned. */
  get tuning(): Tuning | undefined {
    return this.options.tuning;
  }

  /** The portable graph of the passes that a step of this many samples spends its time on. @param length of samples that differ in it */
  stepGraph(count: number, length?: number): Graph {
    const sizes = this.stepper.partSizes(count);
    return this.stepper.isCut(sizes)
      ? this.sessions.graph("gradients", sizes[0], length)
      : this.sessions.graph("step", count, undefined, length);
  }

  /** Compiles what a step of this many samples runs, so that the first one does not wait for it. @param length of samples that differ in it */
  compile(count: number, length?: number): Promise<void> {
    return this.stepper.compile(count, length);
  }

  /** What memory its steps are expected to take; compiles what they run. */
  estimate(batches: ExpectedBatches): Promise<MemoryEstimate> {
    const parts = this.stepper.partSizes(batches.sizes[0]);
    return estimateOf(this.parts, { parts, apart: this.stepper.isCut(parts) }, batches);
  }

  /** Whether its steps carry running statistics. */
  get hasStatistics(): boolean {
    return this.state.statistics.length > 0;
  }

  /**
   * One step.
   * @param share of the penalty that counts, in [0, 1]: less than 1 while λ is warmed up
   * @param strength what λ is multiplied by. Default 1
   * @throws NotFiniteError when the loss is not finite; parameters and slots then are those before the step
   */
  step(batch: Batch, now: Moment, share: number, strength?: number): Promise<StepResult> {
    return this.stepper.step(batch, now, share, strength);
  }

  /** What steps remember that is no tensor. */
  get memory(): StepMemory {
    return this.stepper.memory;
  }

  /** The share of the last step's point in the weights, of an optimizer that averages. */
  get averaging(): number | undefined {
    return this.stepper.averaging;
  }

  /** Parameters by name at the sparse point of an optimizer that still averages; undefined when it is the weights themselves. */
  dual(): Promise<Map<string, Tensor> | undefined> {
    return this.stepper.dual();
  }

  penaltyMetrics(): PenaltyMetrics {
    return this.stepper.penaltyMetrics();
  }

  /** Parameters and running statistics by name. */
  async weights(): Promise<Map<string, Tensor>> {
    return whole(this.options.thin, await this.state.weights());
  }

  /** The model with the weights as they stand. */
  async model(): Promise<Model> {
    const { model } = this.options;
    return { ...model, graph: withTensors(model.graph, await this.weights()) };
  }

  /** @param instead tensors to use instead of some of the state's, by name */
  score(split: Split, instead: ReadonlyMap<string, Tensor> = new Map()): Promise<Score> {
    const { sessions, state, plan, labels } = this;
    const { engine, batches, places, thin } = this.options;
    return withUploaded(engine, weightFeeds(thinned(thin, instead)), (uploaded) =>
      score(engine, sessions, { ...state.feeds, ...uploaded }, split, { ...plan, labels, places }, batches),
    );
  }

  /** Running statistics by name as training samples have them with the weights as they stand; the state keeps its own. */
  async statistics(data: Dataset, which: Pick<Gathering, "batches" | "batchSize">): Promise<Map<string, Tensor>> {
    const { sessions, state, plan, options } = this;
    const { engine, seed, thin } = options;
    const runner = { engine, sessions, feeds: state.feeds, inputs: plan.inputs };
    return whole(thin, await gatherStatistics(runner, data, { ...which, seed }));
  }

  /** Asks something of the whole network, channels among it that this trainer goes on without. Nothing of its own state changes. */
  async asWhole<T>(ask: (parts: StepperParts) => Promise<T>): Promise<T> {
    const { thin: _, ...options } = this.options;
    const full = new Trainer(options);
    try {
      const tensors = new Map([...(await this.tensors()), ...stateNames(await this.weights())]);
      full.restore({ tensors, memory: this.memory });
      return await ask(full.parts);
    } finally {
      await full.release();
    }
  }

  /** Replaces slots, by their names in a checkpoint. */
  putSlots(slots: ReadonlyMap<string, Tensor>): void {
    for (const [name, t] of slots) this.state.put(name, t);
  }

  /** Host copies of parameters, running statistics and slots, by their names in a checkpoint. */
  tensors(): Promise<ReadonlyMap<string, Tensor>> {
    return this.state.download();
  }

  /**
   * Goes on from `tensors` and `memory` of another trainer of the same graph and optimizer, on whatever engine it ran.
   * @throws EspalierError when they are not those of this graph and optimizer
   */
  restore({ tensors, memory }: { tensors: ReadonlyMap<string, Tensor>; memory: StepMemory }): void {
    this.state.restore(tensors);
    this.stepper.memory = memory;
  }

  /**
   * A trainer that goes on where this one stands, with something other; this one is released.
   * @throws EspalierError when a slot, as it is carried over, does not have its parameter's shape; this one stays usable then
   */
  async rebuild({ engine = this.options.engine, graph, carry, accumulate, tuning, thin }: Rebuild): Promise<Trainer> {
    const { model, tuning: former, ...options } = this.options;
    const next = new Trainer({
      ...options,
      engine,
      model: { ...model, graph: graph ?? model.graph },
      ...(accumulate !== undefined && { accumulate }),
      ...(graph && { thin: undefined }),
      ...(thin && { thin }),
      tuning: tuning ?? (engine === this.options.engine ? former : undefined),
    });
    const [held, { memory }] = [await this.tensors(), this];
    const tensors = thin ? new Map([...held, ...stateNames(thinned(thin, await this.weights()))]) : held;
    try {
      next.restore({ tensors: graph ? next.state.carried(tensors, carry) : tensors, memory });
    } catch (error) {
      await next.release();
      throw error;
    }
    await this.release();
    return next;
  }

  /** The same trainer before it has begun, with other formulations or less to compute; this one is to be released. */
  with(other: Pick<TrainerOptions, "tuning"> | Pick<TrainerOptions, "thin">): Trainer {
    return new Trainer({ ...this.options, ...other });
  }

  /** The weights that it was made with, by name. */
  get initialWeights(): ReadonlyMap<string, Tensor> {
    return new Map([...this.options.model.graph.initializers].map(([v, t]) => [v.name, t]));
  }

  /**
   * A trainer that begins anew from these weights, without the penalty, and leaves at zero what masks have 0 for; this one is released.
   * @param masks 0 or 1 for each element, by parameter
   */
  async within(weights: ReadonlyMap<string, Tensor>, masks: ReadonlyMap<string, Tensor>): Promise<Trainer> {
    const { model, penalty: _, optimizer, ...options } = this.options;
    const next = new Trainer({
      ...options,
      model: { ...model, graph: withTensors(model.graph, weights) },
      optimizer: keptWithin(optimizer, masks),
    });
    await next.begin();
    await this.release();
    return next;
  }

  /** Frees sessions and tensors; the trainer cannot be used afterwards. */
  async release(): Promise<void> {
    await this.sessions.release();
    this.stepper.dispose();
    this.state.dispose();
  }
}

/** Weights by their names in a checkpoint. */
const stateNames = (weights: ReadonlyMap<string, Tensor>): [string, Tensor][] =>
  [...weights].map(([name, t]) => [names.param(name), t]);
