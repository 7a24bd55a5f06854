/** Runs single steps: turns the optimizer's clock, feeds the step session, swaps the state. */
import type { Batch } from "../data/batches.ts";
import type { DeviceTensor, Engine } from "../engine/engine.ts";
import { size, tensor } from "../graph/tensor.ts";
import type { Tensor, Value } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import type { ClockState, Tick } from "../optim/optimizer.ts";
import type { Moment, Schedule } from "../optim/schedule.ts";
import type { HostMove, PenaltyMetrics } from "../prox/penalty.ts";
import { noPenalty, type PenaltyMoment, penaltyAt, penaltyNumbers } from "../step/penalty-clock.ts";
import type { Mask } from "../step/training-forms.ts";
import { checkFinite, NotFiniteError } from "./not-finite.ts";
import { names, type Plan } from "./programs.ts";
import { batchTensors, scalar } from "./score.ts";
import type { Sessions } from "./sessions.ts";
import type { State } from "./state.ts";

export interface StepResult {
  /** Mean over the batch. */
  readonly loss: number;
  /** Correct answers in the batch; 0 outside classification. */
  readonly correct: number;
}

export class Stepper {
  /** What the clock remembers, and the numbers of the last step. Set both to go on from a checkpoint. */
  clock: ClockState;
  numbers: Readonly<Record<string, number>> = {};
  /** What of the penalty acted at the last step. The same holds of it. */
  penalty: PenaltyMoment = noPenalty;
  /** What the last step's prox on the host made, by parameter. */
  private moves: ReadonlyMap<Value, HostMove> = new Map();
  private readonly engine: Engine;
  private readonly sessions: Sessions;
  private readonly state: State;
  private readonly plan: Plan;
  private readonly targetShape: readonly number[];

  constructor(engine: Engine, sessions: Sessions, state: State, plan: Plan, targetShape: readonly number[]) {
    this.engine = engine;
    this.sessions = sessions;
    this.state = state;
    this.plan = plan;
    this.targetShape = targetShape;
    this.clock = plan.optimizer.clock.start();
  }

  /** Makes the optimizer's slots anew from the current parameters. */
  async restart(): Promise<void> {
    if (this.plan.optimizer.slots.length === 0) return;
    this.state.swap(await this.sessions.init(this.state.feeds, (outputs) => this.state.targets(outputs)));
  }

  /**
   * @param share of the penalty that counts at this step, in [0, 1]: less than 1 while λ is warmed up
   * @throws EspalierError when the loss is not finite; the state then is the one before the step
   */
  async step(batch: Batch, now: Moment, share: number, schedule: Schedule, seed: number): Promise<StepResult> {
    const { engine, plan, state } = this;
    const tick: Tick = plan.optimizer.clock.tick(this.clock, now, schedule);
    if (tick.restart) await this.restart();
    const { session, masks } = await this.sessions.step(batch.count, tick.kind);
    const penalty = penaltyAt(this.penalty, share, tick, plan.optimizer.prox);
    const feeds = { ...state.feeds, ...this.numberFeeds(tick.numbers, penalty) };
    for (const [k, t] of Object.entries(batchTensors(batch, plan.input, plan.loss, this.targetShape)))
      feeds[k] = engine.upload(t);
    for (const [i, mask] of masks.entries()) feeds[mask.name] = engine.upload(draw(mask, i, now, seed));
    const into = state.targets(session.outputNames);
    const out = await session.run(feeds, into);

    const loss = await scalar(engine, out[names.loss]);
    if (!Number.isFinite(loss))
      throw new NotFiniteError(
        `training diverged: the loss became ${loss}`,
        { epoch: now.epoch + 1, step: now.step + 1, lr: schedule.lr(now) },
        "use a smaller lr, a warm-up, or normalized inputs; the last checkpoint is kept",
      );
    const moved = plan.penalty?.hostProx && (await this.onHost(out, tick.numbers, penalty, now));
    state.swap({ ...into, ...moved });
    this.clock = tick.state;
    this.numbers = tick.numbers;
    this.penalty = penalty;
    return { loss, correct: out[names.correct] ? await scalar(engine, out[names.correct]) : 0 };
  }

  /** The part of a step that no graph can hold: the prox on the host, then accept. */
  private async onHost(
    out: Readonly<Record<string, DeviceTensor>>,
    numbers: Readonly<Record<string, number>>,
    penalty: PenaltyMoment,
    now: Moment,
  ): Promise<Record<string, DeviceTensor>> {
    const { engine, plan, state } = this;
    const session = await this.sessions.accept();
    const feeds = { ...state.feeds, ...this.numberFeeds(numbers, penalty) };
    const moves = new Map<Value, HostMove>();
    for (const p of plan.penalty!.hostProx!.params) {
      const { shape, data } = (await engine.download(out[names.candidate(p.name)])) as Tensor;
      checkFinite(p.name, data, { epoch: now.epoch + 1, step: now.step + 1 }); // no decomposition takes NaN
      const moved = plan.penalty!.hostProx!.apply(p, data as Float32Array, penalty.step);
      moves.set(p, moved);
      feeds[names.candidate(p.name)] = engine.upload(tensor("float32", shape, moved.data));
    }
    const into = state.targets(session.outputNames);
    await session.run(feeds, into);
    this.moves = moves;
    return into;
  }

  /** The point inside the prox of an optimizer that still averages: parameters by name. Undefined when it is W itself. */
  async dual(): Promise<Map<string, Tensor> | undefined> {
    if (!this.plan.optimizer.dual || this.averaging === 1) return undefined;
    const session = await this.sessions.dual();
    const out = await session.run({ ...this.state.feeds, ...this.numberFeeds(this.numbers, this.penalty) });
    const point = new Map<string, Tensor>();
    for (const name of this.state.parameterNames)
      point.set(name, (await this.engine.download(out[names.next(names.param(name))])) as Tensor);
    const host = this.plan.penalty?.hostProx;
    for (const p of host?.params ?? []) {
      const t = point.get(p.name)!;
      point.set(p.name, { ...t, data: host!.apply(p, t.data as Float32Array, this.penalty.step).data });
    }
    return point;
  }

  /** What the penalty adds to the metrics of an epoch that ends with the last step. */
  penaltyMetrics(): PenaltyMetrics {
    return this.plan.penalty?.hostProx?.metrics(this.moves) ?? {};
  }

  /** The share of the last step's point in W, of an optimizer that averages. */
  get averaging(): number | undefined {
    const { averages } = this.plan.optimizer;
    return averages === undefined ? undefined : this.numbers[averages];
  }

  private numberFeeds(numbers: Readonly<Record<string, number>>, penalty: PenaltyMoment): Record<string, DeviceTensor> {
    const feeds: Record<string, DeviceTensor> = {};
    const feed = (name: string, x: number) => {
      feeds[name] = this.engine.upload(tensor("float32", [], Float32Array.of(x)));
    };
    for (const [k, x] of Object.entries(numbers)) feed(names.clock(k), x);
    if (this.plan.penalty) for (const k of penaltyNumbers) feed(names.penalty(k), penalty[k]);
    return feeds;
  }
}

/** A dropout mask, from (seed, epoch, step) and the mask's place in the network alone. */
function draw(mask: Mask, index: number, now: Moment, seed: number): Tensor {
  const random = new Random(seed, "dropout", now.epoch, now.step * 4096 + index);
  const threshold = Math.round(mask.ratio * 0x100000000);
  const data = new Uint8Array(size(mask.shape));
  for (let i = 0; i < data.length; i++) data[i] = random.uint32() >= threshold ? 1 : 0;
  return tensor("uint8", mask.shape, data);
}
