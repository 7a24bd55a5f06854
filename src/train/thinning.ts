/**
 * Shrinking while training: a run goes on without the channels that nothing reads any more, and its steps get cheaper.
 *
 * Which channels: those of which every weight that reads them was exactly zero at the end of each of the last `shrinkAfter` epochs,
 * - with a target: as soon as the structure stands, which keeps them zero from then on anyway;
 * - in a stage whose steps leave zero groups at zero (HSPG's second): at once, for the same reason;
 * - with an optimizer that averages: in epochs that begin after its last restart and end with c = 1, as only then the weights are
 *   the point at which zeros are found, and no restart revives them;
 * - else at any time;
 * and, but for the first two, only if zero is where the method would keep them by a margin: see `ZeroGuard`, which also brings back what
 * left and no longer is so.
 *
 * What of the run is other without them. A weight that reads a channel that left stays zero, as long as it is away. Without that it
 * might have come back, by its own gradient, which no step computes any more; nothing else is left out. What makes such a channel has
 * gradients of exactly zero either way, as all that reads it is zero, and goes on being trained by them: it is part of groups that stay,
 * and counts in their norms. So as long as these groups would have stayed zero, all other weights, slots and figures are the same but
 * for the order in which floats are added up, with every penalty whose groups act each by itself, or of which those that are zero never
 * outrank others. One thing differs that no output depends on: the running statistics of channels that left are those of the given
 * model. What comes back goes on from zero weights and from its slots as they stood, moved by the gradients of zero meanwhile.
 */
import { tensor } from "../graph/tensor.ts";
import type { Graph, Tensor } from "../graph/types.ts";
import { stepRule } from "../optim/optimizer.ts";
import type { Moment } from "../optim/schedule.ts";
import type { BeforeAfter } from "../report/results.ts";
import { leavingSome, structureOf, unreadChannels } from "../shrink/unread.ts";
import { names } from "../step/names.ts";
import { parameters, withTensors } from "../step/parameters.ts";
import type { Resolved } from "./options.ts";
import type { BatchesFrom } from "./run-batches.ts";
import type { Steered } from "./steered.ts";
import { type Thin, thin } from "./thin.ts";
import type { Trainer } from "./trainer.ts";
import { zeroGuard } from "./zero-guard.ts";

/** Stands for the number of epochs of a channel that left. */
const GONE = -1;

/** What of a run's options it looks at. */
type Asked = Pick<Resolved, "optimizer" | "schedule" | "epochs" | "shrinkAfter" | "lambdaWarmup"> & {
  readonly shrinkEvery: number;
};

export class Thinning {
  private readonly graph: Graph;
  private readonly asked: Asked;
  private readonly params: number;
  /** For how many epochs on end each channel has been unread. */
  private unread: Int32Array = new Int32Array(0);
  private now: Thin | undefined;
  /** Channels that came back at the end of the last epoch. */
  private back = 0;

  /** @param graph with what is frozen as constants */
  constructor(graph: Graph, asked: Asked) {
    this.graph = graph;
    this.asked = asked;
    this.params = parameters(graph).trained.reduce((n, { shape }) => n + shape.reduce((p, d) => p * d, 1), 0);
  }

  /** What an epoch's metrics say of it: the elements of all parameters, and of those that the next step computes with. */
  get metrics(): { readonly stepParams: BeforeAfter; readonly stepBack?: number } {
    const after = this.now?.params ?? this.params;
    return { stepParams: { before: this.params, after }, ...(this.back > 0 && { stepBack: this.back }) };
  }

  /** What of the checkpoint is tensors. */
  *tensors(): Generator<[string, Tensor]> {
    yield [names.unread, tensor("int32", [this.unread.length], this.unread)];
  }

  /** A trainer that computes what that of a checkpoint computed, before it gets the checkpoint's tensors. */
  async restore(trainer: Trainer, tensors: ReadonlyMap<string, Tensor>): Promise<Trainer> {
    this.unread = (tensors.get(names.unread)?.data as Int32Array | undefined) ?? new Int32Array(0);
    const gone = this.channels((epochs) => epochs === GONE);
    if (gone.size === 0) return trainer;
    this.now = thin(this.graph, gone);
    await trainer.release();
    return trainer.with({ thin: this.now });
  }

  /**
   * After the steps of an epoch.
   * @param next the first step of the next epoch
   * @returns the trainer that goes on
   */
  async after(next: Moment, trainer: Trainer, steered: Steered | undefined, batches: BatchesFrom): Promise<Trainer> {
    const { shrinkEvery, shrinkAfter, epochs } = this.asked;
    const { epoch } = next;
    const before = this.unread;
    this.back = 0;
    if (!this.mayLeave(epoch, trainer, steered)) this.unread = before.map((n) => Math.min(n, 0));
    else {
      const found = unreadChannels(structureOf(withTensors(this.graph, await trainer.weights())));
      this.unread = new Int32Array([...found].reduce((n, c) => Math.max(n, c + 1), before.length));
      this.unread.forEach((_, c) => {
        const known = before[c] ?? 0;
        this.unread[c] = known === GONE ? GONE : found.has(c) ? known + 1 : 0;
      });
    }
    const fixed = steered !== undefined || this.zerosStay(next, trainer);
    const atOnce = steered !== undefined && !this.now; // what its cut made zero
    const left = this.channels((n) => n === GONE);
    const leave = this.channels((n) => n >= (fixed ? 1 : shrinkAfter));
    if ((!atOnce && epoch % shrinkEvery !== 0) || epoch === epochs || left.size + leave.size === 0) return trainer;
    const known = fixed
      ? undefined
      : await zeroGuard(trainer, this.graph, { ...this.asked, next, batches, away: this.now });
    const back = [...left].filter((c) => known?.atZero.has(c) === false);
    for (const c of back) left.delete(c);
    for (const c of leave) if (known?.safely.has(c) === false) leave.delete(c);
    if (back.length + leave.size === 0) return trainer;
    this.back = back.length;
    const gone = leavingSome(structureOf(this.graph), left, leave);
    this.unread = this.unread.map((n, c) => (gone.has(c) ? GONE : Math.max(n, 0)));
    this.now = thin(this.graph, gone);
    return trainer.rebuild({ thin: this.now });
  }

  /** Whether what is zero stays zero in the next step, and so, as stages of a run follow one another, to its end. */
  private zerosStay(next: Moment, { memory }: Trainer): boolean {
    const { optimizer, schedule } = this.asked;
    return stepRule(optimizer, optimizer.clock.tick(memory.clock, next, schedule).kind).zerosStay ?? false;
  }

  /** Whether zeros count that an epoch ends with. */
  private mayLeave(epoch: number, { averaging }: Trainer, steered: Steered | undefined): boolean {
    if (steered) return steered.stands;
    if (averaging === undefined) return true;
    const { optimizer, schedule } = this.asked;
    return averaging === 1 && epoch > Math.max(0, ...(optimizer.restarts ?? schedule.milestones));
  }

  private channels(which: (epochs: number) => boolean): Set<number> {
    return new Set([...this.unread.keys()].filter((c) => which(this.unread[c])));
  }
}
