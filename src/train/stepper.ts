/** Runs single steps: turns the optimizer's clock, feeds the step session, swaps the state. */
import type { Batch } from "../data/batches.ts";
import type { DeviceTensor, Engine } from "../engine/engine.ts";
import { size, tensor } from "../graph/tensor.ts";
import type { Tensor, Value } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { type ClockState, ruleOf, type Tick } from "../optim/optimizer.ts";
import type { Moment, Schedule } from "../optim/schedule.ts";
import type { Mask } from "./forward.ts";
import type { EpochMetrics } from "./metrics.ts";
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
  /** What the last step's prox on the host kept, by parameter. */
  private ranks: ReadonlyMap<string, number> = new Map();
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

  /** @throws EspalierError when the loss is not finite; the state then is the one before the step */
  async step(batch: Batch, now: Moment, schedule: Schedule, seed: number): Promise<StepResult> {
    const { engine, plan, state } = this;
    const tick: Tick = plan.optimizer.clock.tick(this.clock, now, schedule);
    if (tick.restart) await this.restart();
    const { session, masks } = await this.sessions.step(batch.count, tick.kind);
    const before = this.numbers.penaltyShare ?? 0;
    const numbers = { ...tick.numbers, penaltyShare: now.penaltyShare };
    const feeds = {
      ...state.feeds,
      ...this.clockFeeds({ ...numbers, penaltyShare: this.shareOf(tick.kind, now.penaltyShare, before) }),
    };
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
    const moved = plan.penalty?.hostProx && (await this.onHost(out, numbers, now));
    state.swap({ ...into, ...moved });
    this.clock = tick.state;
    this.numbers = numbers;
    return { loss, correct: out[names.correct] ? await scalar(engine, out[names.correct]) : 0 };
  }

  /**
   * What a step is told of the share of the penalty. A prox whose point is where the next step begins from has
   * done the share of the step before: only the rest is new, so that factors 1 − share multiply to the last one.
   */
  private shareOf(kind: string | undefined, share: number, before: number): number {
    const { optimizer } = this.plan;
    if (optimizer.anew || ruleOf(optimizer, kind).penaltyBy === "gradient" || share === 1) return share;
    return 1 - (1 - share) / (1 - before);
  }

  /** The part of a step that no graph can hold: the prox on the host, then accept. */
  private async onHost(
    out: Readonly<Record<string, DeviceTensor>>,
    numbers: Readonly<Record<string, number>>,
    now: Moment,
  ): Promise<Record<string, DeviceTensor>> {
    const { engine, plan, state } = this;
    const session = await this.sessions.accept();
    const feeds = { ...state.feeds, ...this.clockFeeds(numbers) };
    const ranks = new Map<string, number>();
    for (const p of plan.penalty!.hostProx!.params) {
      const { shape, data } = (await engine.download(out[names.candidate(p.name)])) as Tensor;
      checkFinite(p.name, data, { epoch: now.epoch + 1, step: now.step + 1 }); // no decomposition takes NaN
      const moved = this.proxOnHost(p, data as Float32Array, numbers);
      ranks.set(p.name, moved.rank);
      feeds[names.candidate(p.name)] = engine.upload(tensor("float32", shape, moved.data));
    }
    const into = state.targets(session.outputNames);
    await session.run(feeds, into);
    this.ranks = ranks;
    return into;
  }

  private proxOnHost(p: Value, data: Float32Array, numbers: Readonly<Record<string, number>>) {
    const { optimizer, penalty } = this.plan;
    return penalty!.hostProx!.apply(p, data, numbers[optimizer.proxStep!]);
  }

  /** The point inside the prox of an optimizer that still averages: parameters by name. Undefined when it is W itself. */
  async dual(): Promise<Map<string, Tensor> | undefined> {
    if (!this.plan.optimizer.dual || this.numbers.c === 1) return undefined;
    const session = await this.sessions.dual();
    const out = await session.run({ ...this.state.feeds, ...this.clockFeeds(this.numbers) });
    const point = new Map<string, Tensor>();
    for (const name of this.state.parameterNames)
      point.set(name, (await this.engine.download(out[names.next(names.param(name))])) as Tensor);
    for (const p of this.plan.penalty?.hostProx?.params ?? []) {
      const t = point.get(p.name)!;
      point.set(p.name, { ...t, data: this.proxOnHost(p, t.data as Float32Array, this.numbers).data });
    }
    return point;
  }

  /** What the last step's prox on the host kept: of an averaging optimizer, at the point inside the prox. */
  lowRank(): Pick<EpochMetrics, "ranks" | "lowRankLevel"> {
    const host = this.plan.penalty?.hostProx;
    if (!host) return {};
    const all = host.params.reduce((n, p) => n + host.fullRank(p), 0);
    const kept = [...this.ranks.values()].reduce((n, r) => n + r, 0);
    return { ranks: Object.fromEntries(this.ranks), lowRankLevel: 1 - kept / all };
  }

  private clockFeeds(numbers: Readonly<Record<string, number>>): Record<string, DeviceTensor> {
    const feeds: Record<string, DeviceTensor> = {};
    for (const [k, x] of Object.entries(numbers))
      feeds[names.clock(k)] = this.engine.upload(tensor("float32", [], Float32Array.of(x)));
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
