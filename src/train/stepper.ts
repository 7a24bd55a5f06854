/**
 * Runs single steps: turns the clocks, feeds the sessions, swaps the state. A step is one program; or, where a batch's gradients
 * are accumulated or several ranks share it, `gradients` for each part of the batch and one `update`. Both end alike.
 */
import type { Batch } from "../data/batches.ts";
import { partSizes, shareAt } from "../data/share.ts";
import { type DeviceTensors, type HostTensors, type Session, take, withUploaded } from "../engine/engine.ts";
import { tensor } from "../graph/tensor.ts";
import type { Tensor, Value } from "../graph/types.ts";
import type { ClockState, Tick } from "../optim/optimizer.ts";
import type { Moment } from "../optim/schedule.ts";
import type { HostMove, PenaltyMetrics } from "../prox/penalty.ts";
import { inputsAt, labelsAt } from "../step/at-length.ts";
import { names } from "../step/names.ts";
import { noPenalty, type PenaltyMoment, penaltyAt } from "../step/penalty-clock.ts";
import { drawMask, drawPartOf } from "./dropout-mask.ts";
import { batchFeeds, type knownPerSample, numberFeed, numberFeeds } from "./feeds.ts";
import { flushesAfter } from "./flushing.ts";
import { GradientSum } from "./gradient-sum.ts";
import { checkFinite, NotFiniteError } from "./not-finite.ts";
import { type BatchPart, partsOf } from "./parts.ts";
import { RankSum } from "./ranks/rank-sum.ts";
import { knownInBatch, shareOf } from "./ranks/share.ts";
import { type Passes, SynchronizedPasses } from "./ranks/synchronized.ts";
import { scalar } from "./score.ts";
import type { Loaded } from "./sessions.ts";
import type { StepperParts } from "./stepper-parts.ts";
import { follow } from "./tracking.ts";

/** What steps remember that is no tensor; plain numbers, part of every checkpoint. */
export interface StepMemory {
  readonly clock: ClockState;
  /** The clock's numbers of the last step. */
  readonly numbers: Readonly<Record<string, number>>;
  /** What of the penalty acted at the last step. */
  readonly penalty: PenaltyMoment;
}

export interface StepResult {
  /** Mean over the batch. */
  readonly loss: number;
  /** Correct answers in the batch; 0 outside classification. */
  readonly correct: number;
}

export class Stepper {
  memory: StepMemory;
  private readonly parts: StepperParts;
  private readonly sum: GradientSum;
  private readonly overRanks: RankSum | undefined;
  private readonly synchronized: SynchronizedPasses | undefined;
  /** What the last step's prox on the host made, by parameter. */
  private moves: ReadonlyMap<Value, HostMove> = new Map();

  constructor(parts: StepperParts) {
    this.parts = parts;
    this.memory = { clock: parts.plan.optimizer.clock.start(), numbers: {}, penalty: noPenalty };
    const { engine, state, communicator } = parts;
    this.sum = new GradientSum(engine, state.trained);
    this.overRanks = communicator && new RankSum(engine, communicator, state);
    this.synchronized =
      communicator && communicator.size > 1 && parts.syncBatchNorm
        ? new SynchronizedPasses(engine, parts.sessions, communicator)
        : undefined;
  }

  /** Compiles what a step of this many samples runs, of whatever kind it is. @param length of samples that differ in it */
  async compile(count: number, length?: number): Promise<void> {
    const { plan, sessions } = this.parts;
    const sizes = this.partSizes(count);
    const kinds = [undefined, ...Object.keys(plan.optimizer.kinds ?? {})];
    if (!this.isCut(sizes)) for (const kind of kinds) await sessions.get("step", count, kind, length);
    else {
      for (const size of sizes) if (size > 0) await this.passes({ count: size, length }, count);
      for (const kind of kinds) await sessions.get("update", kind);
    }
  }

  /** Into parts of which sizes a batch is split, or the share of it that is computed here. */
  partSizes(count: number): number[] {
    const { accumulate, leastPart, communicator } = this.parts;
    const sharing = communicator && { rank: communicator.rank, size: communicator.size, least: leastPart };
    return partSizes(sharing ? shareAt(count, sharing).count : count, accumulate, leastPart);
  }

  /** Whether the passes behind the gradients are a program of their own. */
  isCut(sizes: readonly number[]): boolean {
    return sizes.length > 1 || this.parts.communicator !== undefined;
  }

  /** Makes the optimizer's slots anew from the current parameters. */
  async restart(): Promise<void> {
    if (this.parts.plan.optimizer.slots.length > 0) await this.onState("init");
  }

  /** Runs a program from state to state. */
  private async onState(name: "init" | "flush"): Promise<void> {
    const { sessions, state } = this.parts;
    const { session } = await sessions.get(name);
    const into = state.targets(session.outputNames);
    await session.run(state.feeds, into);
    state.swap(into);
  }

  /**
   * @param share of the penalty that counts at this step, in [0, 1]: less than 1 while λ is warmed up
   * @param strength what λ is multiplied by
   * @throws NotFiniteError when the loss is not finite; parameters and slots then are those before the step
   */
  async step(batch: Batch, now: Moment, share: number, strength = 1): Promise<StepResult> {
    const { plan, state, schedule } = this.parts;
    const tick: Tick = plan.optimizer.clock.tick(this.memory.clock, now, schedule);
    if (tick.restart) await this.restart();
    const penalty = penaltyAt(this.memory.penalty, share, tick, plan.optimizer.prox, strength);
    const acting = { ...penalty, share: penalty.share * strength }; // the share is of the gradient there
    const numbers = numberFeeds(tick.numbers, plan.penalty && acting);
    const { communicator, labels, leastPart } = this.parts;
    const own = shareOf(batch, communicator, leastPart);
    const sizes = partSizes(own.count, this.parts.accumulate, leastPart);
    const parts = partsOf(own, sizes);
    const whole = async () => ({ count: batch.count, known: await knownInBatch(batch, labels, communicator) });
    const { into, out, result } = this.isCut(sizes)
      ? await this.inParts(parts, now, tick, numbers, await whole())
      : await this.whole(parts[0], now, tick, numbers);
    const moved = plan.penalty?.hostProx && (await this.onHost(out, numbers, penalty.step, now));
    state.swap({ ...into, ...moved });
    this.memory = { clock: tick.state, numbers: tick.numbers, penalty };
    if (flushesAfter(now, this.averaging)) await this.onState("flush");
    return result;
  }

  /** Runs a session on the state, on tensors of the host and on others of the engine. */
  private run(session: Pick<Session, "run">, host: HostTensors, into?: DeviceTensors, more?: DeviceTensors) {
    const { engine, state } = this.parts;
    return withUploaded(engine, host, (up) => session.run({ ...state.feeds, ...up, ...more }, into));
  }

  /** The passes before the cut. @param whole samples of the batch */
  private async passes({ count, length }: Pick<BatchPart, "count" | "length">, whole: number): Promise<Passes> {
    if (this.synchronized) return this.synchronized.of(count, whole, length);
    const { session, masks } = await this.parts.sessions.get("gradients", count, length);
    return { masks, outputNames: session.outputNames, run: (feeds, into) => session.run(feeds, into) };
  }

  /** All passes in one program. */
  private async whole(part: BatchPart, now: Moment, tick: Tick, numbers: HostTensors) {
    const { sessions, state } = this.parts;
    const loaded = await sessions.get("step", part.count, tick.kind, part.length);
    const into = state.targets(loaded.session.outputNames);
    const out = await this.run(loaded.session, { ...numbers, ...this.feedsOf(part, loaded, now) }, into);
    const result = await this.reported(out);
    this.checkLoss(result, now);
    return { into, out, result };
  }

  /**
   * The passes before the cut part by part, then those behind it. Running statistics follow each part.
   * @param of the whole batch
   */
  private async inParts(
    parts: readonly BatchPart[],
    now: Moment,
    tick: Tick,
    numbers: HostTensors,
    { count, known }: { readonly count: number; readonly known: ReturnType<typeof knownPerSample> },
  ) {
    const { sessions, state } = this.parts;
    let result = { loss: 0, correct: 0 };
    let done = 0;
    this.sum.clear();
    for (const part of parts) {
      if (part.count === 0) {
        await this.synchronized?.withoutSamples(count, part.length);
        continue; // a rank without a share
      }
      const passes = await this.passes(part, count);
      const share = part.count / count;
      const weight = { [names.weight]: numberFeed(share) };
      const running = state.targets(passes.outputNames);
      const host = { ...numbers, ...weight, ...this.feedsOf(part, passes, now, known) };
      const out = await this.run(passes, host, { ...running, ...this.sum.targets() });
      const { loss, correct } = await this.reported(out);
      if (!this.overRanks) this.checkLoss({ loss }, now); // together they find out together
      result.loss += loss * share;
      result.correct += correct;
      done += share;
      state.swap(running);
      await this.sum.add((await sessions.get("add")).session);
    }
    const { session } = await sessions.get("update", tick.kind);
    const update = (host: HostTensors, gradients?: DeviceTensors) => {
      const into = state.targets(session.outputNames);
      return this.run(session, host, into, gradients).then((out) => ({ into, out, result }));
    };
    if (!this.overRanks) return update(numbers, this.sum.feeds());
    const own = { gradients: this.sum.feeds(), running: await state.running(), share: done, ...result };
    const all = await this.overRanks.sum(own);
    result = { loss: all.loss, correct: all.correct };
    this.checkLoss(result, now);
    state.setRunning(all.running);
    return update({ ...numbers, ...all.gradients });
  }

  private feedsOf(
    part: BatchPart,
    { masks }: Pick<Loaded, "masks">,
    now: Moment,
    known?: ReturnType<typeof knownPerSample>,
  ): HostTensors {
    const { plan, labels, seed, partial } = this.parts;
    const drawn = masks.map((mask, i) => {
      const own = partial?.get(mask.makes);
      return [mask.name, own ? drawPartOf(mask, own, part, now, seed) : drawMask(mask, i, part, now, seed)] as const;
    });
    const all = [...plan.inputs, ...(plan.teacher?.inputs ?? [])]; // the same array under the same name
    const [inputs, targets] = [inputsAt(all, part.length), labelsAt(labels, part.length)];
    return { ...batchFeeds(part, inputs, targets, known), ...Object.fromEntries(drawn) };
  }

  private async reported(out: DeviceTensors): Promise<StepResult> {
    const { engine } = this.parts;
    const loss = await scalar(engine, out[names.loss]);
    return { loss, correct: out[names.correct] ? await scalar(engine, out[names.correct]) : 0 };
  }

  private checkLoss({ loss }: Pick<StepResult, "loss">, now: Moment): void {
    if (Number.isFinite(loss)) return;
    throw new NotFiniteError(
      `training diverged: the loss became ${loss}`,
      { epoch: now.epoch + 1, step: now.step + 1, lr: this.parts.schedule.lr(now) },
      "use a smaller lr, a warm-up, or normalized inputs; the last checkpoint is kept",
    );
  }

  /** The part of a step that no graph can hold: the prox on the host, then accept. */
  private async onHost(
    out: DeviceTensors,
    numbers: HostTensors,
    proxStep: number,
    now: Moment,
  ): Promise<DeviceTensors> {
    const { engine, plan, sessions, state } = this.parts;
    const { session } = await sessions.get("accept");
    const { params, tracked = [], apply } = plan.penalty!.hostProx!;
    const given = new Map<Value, Float32Array>();
    for (const p of params) {
      const { data } = await take(engine, out[names.candidate(p.name)]);
      checkFinite(p.name, data, { epoch: now.epoch + 1, step: now.step + 1 }); // no decomposition takes NaN
      given.set(p, data as Float32Array);
    }
    // what an epoch ends with is told: the host's own ranks
    const byHost = tracked.length === 0 || proxStep === 0 || now.step + 1 === now.stepsPerEpoch;
    const run = (s: Session, host: HostTensors, into: DeviceTensors) => this.run(s, host, into);
    const tracking = { engine, state, tracked, run };
    const followed = byHost ? undefined : await follow(tracking, (await sessions.get("track")).session, numbers, given);
    const moves = new Map(params.map((p) => [p, followed?.get(p) ?? apply(p, given.get(p)!, proxStep)]));
    const moved = [...moves].map(([p, { data }]) => [names.candidate(p.name), tensor("float32", p.shape, data)]);
    const candidates: HostTensors = Object.fromEntries(moved);
    const into = state.targets(session.outputNames);
    await this.run(session, { ...numbers, ...candidates }, into);
    this.moves = moves;
    return into;
  }

  /** The point inside the prox of an optimizer that still averages: parameters by name. Undefined when it is W itself. */
  async dual(): Promise<Map<string, Tensor> | undefined> {
    const { engine, plan, sessions, state } = this.parts;
    const { numbers, penalty } = this.memory;
    const begun = Object.keys(numbers).length > 0;
    if (!plan.optimizer.dual || !begun || this.averaging === 1) return undefined;
    const { session } = await sessions.get("dual");
    const out = await this.run(session, numberFeeds(numbers, plan.penalty && penalty));
    const point = new Map<string, Tensor>();
    for (const { name } of state.trained) point.set(name, await take(engine, out[names.next(names.param(name))]));
    const host = plan.penalty?.hostProx;
    for (const p of host?.params ?? []) {
      const t = point.get(p.name)!;
      point.set(p.name, { ...t, data: host!.apply(p, t.data as Float32Array, penalty.step).data });
    }
    return point;
  }

  /** Frees what steps keep on the engine. */
  dispose(): void {
    this.sum.dispose();
  }

  /** What the penalty adds to the metrics of an epoch that ends with the last step. */
  penaltyMetrics(): PenaltyMetrics {
    return this.parts.plan.penalty?.hostProx?.metrics(this.moves) ?? {};
  }

  /** The share of the last step's point in W, of an optimizer that averages. */
  get averaging(): number | undefined {
    const { averages } = this.parts.plan.optimizer;
    return averages === undefined ? undefined : this.memory.numbers[averages];
  }
}
