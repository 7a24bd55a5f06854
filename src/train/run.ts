/**
 * One training run: the loop over steps and epochs, its checkpoints, its measurements. A checkpoint holds the whole
 * state — tensors, clock, sums of the epoch, history — so that a run killed at any moment goes on as if nothing happened.
 */

import type { Batch, Plan as BatchPlan } from "../data/batches.ts";
import { batches, batchSizes } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import type { DeviceTensor } from "../engine/engine.ts";
import { EspalierError, invariant, UsageError } from "../error.ts";
import { size, tensor } from "../graph/tensor.ts";
import type { Model, Tensor } from "../graph/types.ts";
import type { ClockState, Tick } from "../optim/optimizer.ts";
import { Random } from "../random.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { batchTensors, type Score, scalar, score } from "./evaluation.ts";
import type { Mask } from "./forward.ts";
import { recordNormalization } from "./input.ts";
import { lossInput } from "./loss.ts";
import { changes, type EpochMetrics, Structure } from "./metrics.ts";
import type { Resolved } from "./options.ts";
import { parameters, withTensors } from "./parameters.ts";
import { names, type Plan } from "./programs.ts";
import { type Config, checkSameConfig, describeConfig, noSums, type RunRecord, readRecord } from "./record.ts";
import { Sessions } from "./sessions.ts";
import { State } from "./state.ts";
import type { Store } from "./store.ts";

const CHECKPOINT = "checkpoint.safetensors";
const METRICS = "metrics.jsonl";
const PATTERN = "pattern";

export class Run implements AsyncIterable<EpochMetrics> {
  /** What the user should know about the settings before training starts. */
  readonly notes: readonly string[];
  private readonly initial: Model;
  private readonly data: Dataset;
  private readonly options: Resolved;
  private readonly plan: Plan;
  private readonly structure: Structure;
  private readonly targetShape: readonly number[];
  private readonly sizes: readonly number[];
  private readonly mergeSingle: boolean;
  private state_: State | undefined;
  private sessions_: Sessions | undefined;
  private config: Config = {};
  private clock: ClockState;
  private numbers: Readonly<Record<string, number>> = {};
  private epoch = 0;
  private step = 0;
  private sums = noSums();
  private log: EpochMetrics[] = [];
  private pattern: Uint8Array | undefined;
  private lastChange = 0;
  private trained: Model;
  private started = false;

  constructor(model: Model, data: Dataset, options: Resolved) {
    const { optimizer, penalty, schedule, loss, epochs } = options;
    this.initial = model;
    this.trained = model;
    this.data = data;
    this.options = options;
    const bound = penalty?.bind(model.graph);
    const sample = data.shape;
    const dtype = data.train.x instanceof Uint8Array ? "uint8" : "float32";
    this.plan = { input: { dtype, sample, normalization: options.normalization }, loss, optimizer, penalty: bound };
    this.structure = new Structure(model.graph, bound?.sets ?? []);
    const { output, note } = lossInput(model.graph, loss);
    this.targetShape = output.shape.slice(1);
    this.mergeSingle = parameters(model.graph).running.length > 0;
    this.sizes = batchSizes(data.train.count, options.batchSize, { mergeSingle: this.mergeSingle });
    this.clock = optimizer.clock.start();
    this.notes = [...(note ? [note] : []), ...(optimizer.warnings?.(schedule, epochs) ?? [])];
  }

  /** The model with the weights of the last finished epoch (or of the stop), its normalization in its metadata. */
  get model(): Model {
    return this.trained;
  }

  /** All finished epochs, those before a resume included. */
  get history(): readonly EpochMetrics[] {
    return this.log;
  }

  /** True when all epochs are done; false before, and after a stop by the signal. */
  get finished(): boolean {
    return this.epoch >= this.options.epochs;
  }

  /** The epoch after which the zero pattern never changed again; null when it changed in the last one. */
  get structureStableSince(): number | null {
    return this.lastChange >= this.epoch ? null : this.lastChange;
  }

  /** Steps in an epoch. */
  get stepsPerEpoch(): number {
    return this.sizes.length;
  }

  /**
   * Trains. May be called once.
   * @throws EspalierError when the loss becomes NaN or infinite (the last checkpoint stays), when a resumed run does
   *   not match its checkpoint, when the store cannot be written
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<EpochMetrics> {
    invariant(!this.started, "a run can be iterated once");
    this.started = true;
    const { engine, epochs, signal } = this.options;
    this.sessions_ = new Sessions(engine, this.initial, this.plan);
    this.state_ = new State(engine, this.initial.graph, this.plan.optimizer);
    try {
      await this.begin();
      let lastSave = performance.now();
      if (this.epoch >= epochs) return;
      for await (const batch of (this.data.batches ?? batches)(this.data.train, this.batchPlan())) {
        await this.trainStep(batch);
        if (this.step === this.sizes.length) {
          const metrics = await this.endEpoch();
          lastSave = performance.now();
          yield metrics;
        } else if (signal?.aborted || performance.now() - lastSave > this.options.checkpointSeconds * 1000) {
          await this.save();
          lastSave = performance.now();
        }
        if (signal?.aborted) {
          await this.publish();
          return;
        }
      }
    } finally {
      await this.sessions_.release();
    }
  }

  private batchPlan(): BatchPlan {
    const { batchSize, seed, epochs, augment } = this.options;
    const { epoch, step, mergeSingle } = this;
    return { shape: this.data.shape, batchSize, seed, epoch, step, epochs, augment, mergeSingle };
  }

  /** Restores a checkpoint or makes a fresh state. */
  private async begin(): Promise<void> {
    const { store, resume, overwrite } = this.options;
    this.config = await describeConfig(this.initial, this.data, this.options);
    const bytes = await store?.read(CHECKPOINT);
    if (bytes && resume) return this.restore(store!, bytes);
    if (bytes && !overwrite)
      throw new UsageError(
        `${store!.location} already holds a run`,
        { file: CHECKPOINT },
        "go on with resume, start afresh with overwrite, or choose another place",
      );
    if (bytes) await store!.remove(CHECKPOINT);
    await this.restart();
    if (store) await store.write(METRICS, new Uint8Array());
    await this.save();
  }

  private async restore(store: Store, bytes: Uint8Array): Promise<void> {
    const { tensors, state } = decodeCheckpoint(bytes);
    const record = readRecord(state);
    checkSameConfig(record.config, this.config, store.location);
    this.state.restore(tensors);
    this.pattern = tensors.get(PATTERN)?.data as Uint8Array | undefined;
    ({
      epoch: this.epoch,
      step: this.step,
      clock: this.clock,
      numbers: this.numbers,
      lastChange: this.lastChange,
    } = record);
    this.sums = { ...record.sums };
    this.log = [...record.history];
    const lines = this.log.map((m) => `${JSON.stringify(m)}\n`).join("");
    await store.write(METRICS, new TextEncoder().encode(lines)); // cut back to the checkpoint
    await this.publish();
  }

  private get state(): State {
    return this.state_!;
  }

  private get sessions(): Sessions {
    return this.sessions_!;
  }

  /** Slots from the current parameters. */
  private async restart(): Promise<void> {
    if (this.plan.optimizer.slots.length === 0) return;
    this.state.swap(await this.sessions.init(this.state.feeds, (outputs) => this.state.targets(outputs)));
  }

  private async trainStep(batch: Batch): Promise<void> {
    const start = performance.now();
    const { engine, schedule, epochs, onProgress } = this.options;
    const now = { epoch: this.epoch, step: this.step, stepsPerEpoch: this.sizes.length, epochs };
    const tick: Tick = this.plan.optimizer.clock.tick(this.clock, now, schedule);
    if (tick.restart) await this.restart();

    const { session, masks } = await this.sessions.step(batch.count);
    const feeds: Record<string, DeviceTensor> = { ...this.state.feeds };
    for (const [k, t] of Object.entries(batchTensors(batch, this.plan.input, this.plan.loss, this.targetShape)))
      feeds[k] = engine.upload(t);
    for (const [k, x] of Object.entries(tick.numbers))
      feeds[names.clock(k)] = engine.upload(tensor("float32", [], Float32Array.of(x)));
    for (const [i, mask] of masks.entries()) feeds[mask.name] = engine.upload(this.draw(mask, i));
    const into = this.state.targets(session.outputNames);
    const out = await session.run(feeds, into);

    const loss = await scalar(engine, out[names.loss]);
    if (!Number.isFinite(loss)) throw this.diverged(loss, tick.numbers);
    this.state.swap(into);
    this.clock = tick.state;
    this.numbers = tick.numbers;
    this.step++;
    this.sums.loss += loss * batch.count;
    if (out[names.correct]) this.sums.correct += await scalar(engine, out[names.correct]);
    this.sums.samples += batch.count;
    this.sums.steps++;
    this.sums.seconds += (performance.now() - start) / 1000;
    onProgress?.({
      epoch: this.epoch + 1,
      epochs,
      step: this.step,
      steps: this.sizes.length,
      loss: this.sums.loss / this.sums.samples,
      accuracy: this.trainAccuracy(),
      msPerStep: (this.sums.seconds * 1000) / this.sums.steps,
    });
  }

  /** A dropout mask, from (seed, epoch, step) and the mask's place in the network alone. */
  private draw(mask: Mask, index: number): Tensor {
    const random = new Random(this.options.seed, "dropout", this.epoch, this.step * 4096 + index);
    const threshold = Math.round(mask.ratio * 0x100000000);
    const data = new Uint8Array(size(mask.shape));
    for (let i = 0; i < data.length; i++) data[i] = random.uint32() >= threshold ? 1 : 0;
    return tensor("uint8", mask.shape, data);
  }

  private diverged(loss: number, numbers: Readonly<Record<string, number>>): EspalierError {
    const { store, schedule } = this.options;
    const now = { epoch: this.epoch, step: this.step, stepsPerEpoch: this.sizes.length, epochs: this.options.epochs };
    return new EspalierError(
      `training diverged: the loss became ${loss}`,
      {
        epoch: this.epoch + 1,
        step: this.step + 1,
        lr: numbers.lr ?? schedule.lr(now),
        checkpoint: store ? `the last good one is kept in ${store.location}` : undefined,
      },
      "use a smaller lr, a warm-up, or normalized inputs",
    );
  }

  private trainAccuracy(): number | null {
    return this.plan.loss.labels === "class" ? this.sums.correct / this.sums.samples : null;
  }

  private evaluate(split: Dataset["test"]): Promise<Score> {
    const plan = { ...this.plan, targetShape: this.targetShape };
    return score(this.options.engine, (n) => this.sessions.evaluation(n), this.state.feeds, split, plan);
  }

  private async endEpoch(): Promise<EpochMetrics> {
    const { schedule, epochs, store } = this.options;
    const begun = performance.now();
    const test = await this.evaluate(this.data.test);
    const val = this.data.val && (await this.evaluate(this.data.val));
    const weights = await this.state.download();
    const dual = await this.dualPoint(weights);
    const pattern = this.structure.pattern(dual ?? weights);
    const patternChanges = changes(this.pattern, pattern);
    const { sums } = this;
    const last = { epoch: this.epoch, step: this.sizes.length - 1, stepsPerEpoch: this.sizes.length, epochs };
    const metrics: EpochMetrics = {
      epoch: this.epoch + 1,
      loss: sums.loss / sums.samples,
      accuracy: this.trainAccuracy(),
      testLoss: test.loss,
      testAccuracy: test.accuracy,
      ...(val && { valLoss: val.loss, valAccuracy: val.accuracy }),
      ...this.structure.sparsity(weights),
      elementSparsity: this.structure.elementSparsity(weights),
      inputChannel: this.structure.inputChannel(weights),
      ...(dual && { dual: this.structure.sparsity(dual) }),
      patternChanges,
      lr: schedule.lr(last),
      ...(this.numbers.c !== undefined && { c: this.numbers.c }),
      seconds: sums.seconds + (performance.now() - begun) / 1000,
      msPerStep: (sums.seconds * 1000) / sums.steps,
    };
    this.log.push(metrics);
    this.pattern = pattern;
    this.epoch++;
    this.step = 0;
    this.sums = noSums();
    if (patternChanges > 0) this.lastChange = this.epoch;
    await store?.append(METRICS, `${JSON.stringify(metrics)}\n`);
    await this.save();
    await this.publish();
    return metrics;
  }

  /** The point inside the prox, while it is not yet the point itself. */
  private async dualPoint(weights: ReadonlyMap<string, Tensor>): Promise<Map<string, Tensor> | undefined> {
    const { engine, optimizer } = this.options;
    if (!optimizer.averages || this.numbers.c === 1) return undefined;
    const feeds = { ...this.state.feeds };
    for (const [k, x] of Object.entries(this.numbers))
      feeds[names.clock(k)] = engine.upload(tensor("float32", [], Float32Array.of(x)));
    const out = await (await this.sessions.dual()).run(feeds);
    const point = new Map(weights);
    for (const name of weights.keys())
      if (out[names.next(name)]) point.set(name, (await engine.download(out[names.next(name)])) as Tensor);
    return point;
  }

  private async save(): Promise<void> {
    const { store } = this.options;
    if (!store) return;
    const tensors = await this.state.download();
    if (this.pattern) tensors.set(PATTERN, tensor("uint8", [this.pattern.length], this.pattern));
    const { config, epoch, step, clock, numbers, sums, log: history, lastChange } = this;
    const state: RunRecord = { version: 1, config, epoch, step, clock, numbers, sums, history, lastChange };
    await store.write(CHECKPOINT, encodeCheckpoint({ tensors, state }));
  }

  /** Makes the current weights the public model. */
  private async publish(): Promise<void> {
    const weights = await this.state.download((name) => !name.startsWith("slot/"));
    const graph = withTensors(this.initial.graph, weights);
    this.trained = recordNormalization({ ...this.initial, graph }, this.options.normalization);
  }
}
