/**
 * One training run: the loop over steps and epochs, its measurements, its checkpoints. A checkpoint holds the whole
 * state — tensors, clock, sums of the epoch, history — so that a run killed at any moment goes on as if nothing happened.
 */
import { type Batch, batchSizes } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { UsageError } from "../error.ts";
import type { Model, Tensor } from "../graph/types.ts";
import type { Tuning } from "../lower/tuning/tuning.ts";
import type { Words } from "../message.ts";
import type { Moment } from "../optim/schedule.ts";
import type { EpochMetrics, MemoryEstimate, Prunes } from "../report/results.ts";
import { parameters } from "../step/parameters.ts";
import { penaltyShare } from "../step/penalty-clock.ts";
import { inStep } from "./answers.ts";
import { measureEpoch } from "./epoch-end.ts";
import { foreseeMemory } from "./estimate-memory.ts";
import { Evaluation } from "./evaluation.ts";
import { withFormulations } from "./formulations.ts";
import { freezeParameters, frozen } from "./freeze.ts";
import { Journal, type SavedRun } from "./journal.ts";
import { stepsOfEpoch } from "./length.ts";
import { Structure } from "./metrics.ts";
import { runNotes } from "./notes.ts";
import { nothingZero } from "./nothing-zero.ts";
import type { Resolved } from "./options.ts";
import { published } from "./published.ts";
import { onAnyRank } from "./ranks/communicator.ts";
import { filesOf } from "./ranks/rank-store.ts";
import { checkSameSettings, storing } from "./ranks/same-settings.ts";
import { describeConfig } from "./record.ts";
import { type BatchesFrom, runBatches } from "./run-batches.ts";
import { checkSamplesApart } from "./samples-apart.ts";
import { type Score, tellsClasses } from "./score.ts";
import { atBegin, nextEpoch, type RunStanding, recordOf, savedTensors, standingOf } from "./standing.ts";
import { Steered } from "./steered.ts";
import { StepLog } from "./step-log.ts";
import { addStep, meansOf } from "./sums.ts";
import { Thinning } from "./thinning.ts";
import { Trainer } from "./trainer.ts";

/** A run described by `train`: iterate it to train. */
export class Run implements AsyncIterable<EpochMetrics> {
  /** What the user should know about the settings before training starts. */
  readonly notes: readonly Words[];
  /** What it trains on. */
  readonly data: Dataset;
  private readonly initial: Model;
  private readonly structure: Structure;
  private readonly mergeSingle: boolean;
  /** Batch sizes of an epoch. */
  private readonly sizes: readonly number[];
  private resolved: Resolved;
  private trainer: Trainer;
  /** The move to another engine that is under way, or is over. */
  private move: Promise<void> = Promise.resolve();
  private readonly journal: Journal;
  private readonly stepLog: StepLog;
  private readonly steered: Steered | undefined;
  private readonly thinning: Thinning | undefined;
  private standing: RunStanding = atBegin();
  private readonly evaluation: Evaluation;
  private trained: Model;
  private expected: MemoryEstimate | undefined;
  private started = false;
  /** Whether the body of the loop over the run has its turn. */
  private between = false;

  constructor(model: Model, data: Dataset, options: Resolved) {
    const stays = frozen(model, options);
    const graph = freezeParameters(model.graph, stays);
    this.initial = model;
    this.trained = model;
    this.data = data;
    this.resolved = options;
    this.trainer = new Trainer({ ...inStep(options), model: { ...model, graph }, batches: data.batches });
    const { optimizer, penalty } = this.trainer.plan;
    this.structure = new Structure(graph, penalty?.counted ?? penalty?.sets ?? optimizer.sets ?? []);
    this.mergeSingle = parameters(graph).running.length > 0;
    this.sizes = batchSizes(data.train.count, options.batchSize, { mergeSingle: this.mergeSingle });
    this.notes = runNotes({ model, graph, stays, data, steps: this.sizes.length }, options, this.trainer.plan);
    const store = filesOf(options);
    this.journal = new Journal(store);
    this.evaluation = new Evaluation(model, data, options);
    this.stepLog = new StepLog(options.logSteps ? store : undefined);
    this.steered = options.target && new Steered(options.target, model, options);
    const { shrinkEvery } = options;
    this.thinning = shrinkEvery === undefined ? undefined : new Thinning(graph, { ...options, shrinkEvery });
  }

  /** Its options with every default filled in; the engine is the one that it moved to last. */
  get options(): Resolved {
    return this.resolved;
  }

  /** The model of the last finished epoch, or of a stop (with the running statistics that steps carry), its normalization in its metadata. */
  get model(): Model {
    return this.trained;
  }

  /** All finished epochs, those before a resume included. */
  get history(): readonly EpochMetrics[] {
    return this.standing.history;
  }

  /** How the given model does on the test samples; undefined before that is known, and where `baseline` is off. */
  get baseline(): Score | undefined {
    return this.evaluation.baseline;
  }

  /** What memory it was expected to take; undefined before it has begun. */
  get memory(): MemoryEstimate | undefined {
    return this.expected;
  }

  /** Which formulations it computes with, if its step was tuned; known once it has begun. */
  get tuning(): Tuning | undefined {
    return this.trainer.tuning;
  }

  /** True when all epochs are done; false before, and after a stop by the signal. */
  get finished(): boolean {
    return this.standing.epoch >= this.options.epochs;
  }

  /** What becomes zero in it, which `groupSparsity` and `patternChanges` count; of "nothing" they count coupled groups. */
  get prunes(): Prunes {
    return this.structure.prunes;
  }

  /**
   * What is not as the penalty wants it in `model`: overfull blocks, too many survivors; at the end of the run, that nothing became
   * zero, and what to do. Empty when there is nothing.
   */
  get shortfalls(): readonly Words[] {
    const tensors = new Map([...this.trained.graph.initializers].map(([v, t]) => [v.name, t]));
    const own = this.trainer.plan.penalty?.shortfalls?.(tensors) ?? [];
    return this.finished ? [...own, ...nothingZero(this.options, this.history, this.prunes)] : own;
  }

  /** The epoch after which the zero pattern never changed again; null when it changed in the last one. */
  get structureStableSince(): number | null {
    const { lastChange, epoch } = this.standing;
    return lastChange >= epoch ? null : lastChange;
  }

  /**
   * Goes on with another engine; the next step waits for it.
   * @throws UsageError anywhere but between two epochs: in the body of the loop over the run
   */
  async moveTo(engine: Engine): Promise<void> {
    if (!this.between)
      throw new UsageError(
        "misuse",
        "a run moves to another engine between two epochs",
        {},
        "call it in the loop over the run",
      );
    const moved = this.move.then(async () => {
      this.trainer = await this.trainer.rebuild({ engine });
      this.resolved = { ...this.resolved, engine };
    });
    this.move = moved.catch(() => {}); // whoever asked for it hears of that
    return moved;
  }

  /**
   * Trains. May be called once.
   * @throws NotFiniteError when the loss or a parameter becomes NaN or infinite (the last checkpoint stays); EspalierError
   *   when the store cannot be written, or is locked by somebody else; UsageError when a resumed run does not match its checkpoint
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<EpochMetrics> {
    if (this.started)
      throw new UsageError("misuse", "a run can be iterated once", {}, "call train again for another run");
    this.started = true;
    const { signal, checkpointSeconds, communicator } = this.options;
    try {
      await this.begin();
      if (this.finished) return;
      let lastSave = performance.now();
      const batches = await runBatches(this.data, this.options, this.mergeSingle);
      for await (const batch of batches(this.standing)) {
        await this.trainStep(batch);
        const ends = this.standing.step === stepsOfEpoch(this.now);
        if (ends) {
          const metrics = await this.endEpoch(batches);
          lastSave = performance.now();
          yield* this.pause(metrics);
        }
        if (this.finished) return;
        const due = performance.now() - lastSave > checkpointSeconds * 1000;
        const [stops, saves] = await onAnyRank(communicator, [signal?.aborted ?? false, due]);
        if (!ends && (stops || saves)) {
          await this.save();
          lastSave = performance.now();
        }
        if (stops) return this.publish(await this.trainer.weights());
      }
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) throw error; // stopped before the first step: there is nothing to keep
    } finally {
      await this.trainer.release().finally(() => this.journal.close());
    }
  }

  /** Gives the loop's body its turn, in which the run may be moved. */
  private async *pause(metrics: EpochMetrics): AsyncGenerator<EpochMetrics> {
    this.between = true;
    try {
      yield metrics;
    } finally {
      this.between = false;
      await this.move;
    }
  }

  /** Restores a checkpoint or makes a fresh state. */
  private async begin(): Promise<void> {
    const { resume, overwrite, epochs, communicator } = this.options;
    for (const model of [this.initial, this.options.teacher?.model])
      if (model) await checkSamplesApart(model, this.options.engine);
    const config = await describeConfig(this.initial, this.data, this.options);
    if (communicator) await checkSameSettings({ ...config, ...storing(this.options) }, communicator);
    const saved = await this.journal.open(config, { resume, overwrite, epochs });
    this.trainer = await withFormulations(this.trainer, saved?.record, this.sizes, this.options);
    this.expected = await foreseeMemory(this.trainer, this.data, this.options);
    await this.stepLog.open(saved?.record ?? { epoch: 0, step: 0 });
    if (saved) return this.restore(saved);
    await this.steered?.check();
    await this.trainer.begin();
    await this.evaluation.begin(this.trainer);
    await this.save();
  }

  private async restore(saved: SavedRun): Promise<void> {
    const { record, tensors } = saved;
    const { clock, numbers, penalty } = record;
    if (record.steering && this.steered)
      this.trainer = await this.steered.restore(this.trainer, record.steering, tensors);
    if (this.thinning) this.trainer = await this.thinning.restore(this.trainer, tensors);
    this.trainer.restore({ tensors, memory: { clock, numbers, penalty } });
    this.evaluation.restore(record, tensors);
    this.standing = standingOf(saved);
    this.publish(await this.trainer.weights());
  }

  private get now(): Moment {
    const { epoch, step } = this.standing;
    const { epochs, steps } = this.options;
    return { epoch, step, stepsPerEpoch: this.sizes.length, epochs, ...(steps !== undefined && { steps }) };
  }

  private async trainStep(batch: Batch): Promise<void> {
    const start = performance.now();
    const { epochs, lambdaWarmup, onProgress, schedule } = this.options;
    const { now, standing } = this;
    const share = penaltyShare(now, lambdaWarmup);
    const result = await this.trainer.step(batch, now, share, this.steered?.strength);
    const step = now.step + 1;
    this.standing = { ...standing, step };
    this.stepLog.add({ epoch: now.epoch + 1, step, loss: result.loss, lr: schedule.lr(now) });
    addStep(standing.sums, result, batch.count, (performance.now() - start) / 1000);
    const at = { epoch: now.epoch + 1, epochs, step, steps: stepsOfEpoch(now) };
    onProgress?.({ ...at, ...meansOf(standing.sums, tellsClasses(this.options)) });
  }

  private async endEpoch(batches: BatchesFrom): Promise<EpochMetrics> {
    const last = { ...this.now, step: this.standing.step - 1 };
    if (this.steered) this.trainer = await this.steered.after(last.epoch + 1, this.trainer);
    const next = { ...last, epoch: last.epoch + 1, step: 0 };
    if (this.thinning) this.trainer = await this.thinning.after(next, this.trainer, this.steered, batches);
    const { trainer, options, structure, evaluation, steered, thinning, standing } = this;
    const ended = { trainer, options, structure, evaluation, steered, thinning, standing, last };
    const { metrics, weights, pattern } = await measureEpoch(ended);
    this.standing = nextEpoch(standing, metrics, pattern);
    await this.journal.append(metrics);
    await this.save();
    this.publish(weights);
    return metrics;
  }

  private async save(): Promise<void> {
    await this.stepLog.flush();
    const { standing, trainer, evaluation, steered, thinning } = this;
    const record = recordOf(standing, trainer, { ...evaluation.record, ...steered?.saved });
    const others = () => [...evaluation.tensors, ...(steered?.tensors() ?? []), ...(thinning?.tensors() ?? [])];
    return this.journal.save(record, async () => savedTensors(standing, await trainer.tensors(), others()));
  }

  /** Makes some weights the public model; those of an epoch's end with the running statistics that it was evaluated by. */
  private publish(weights: ReadonlyMap<string, Tensor>): void {
    this.trained = published(
      this.initial,
      this.evaluation.judged(weights, this.standing.step),
      this.options,
      this.data,
    );
  }
}
