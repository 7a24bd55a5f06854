/**
 * Shrinking while training: a run goes on without the channels that nothing reads any more, and its steps get cheaper.
 *
 * Which channels: those of which every weight that reads them was exactly zero at the end of each of the last `shrinkAfter` epochs,
 * - with a target: as soon as the structure stands, which keeps them zero from then on anyway;
 * - with an optimizer that averages: in epochs that begin after its last restart and end with c = 1, as only then the weights are
 *   the point at which zeros are found, and no restart revives them;
 * - else at any time.
 *
 * What of the run is other without them. A weight that reads a channel that left stays zero. Without that it might have come back, by
 * its own gradient, which nobody computes any more; nothing else is left out. What makes such a channel has gradients of exactly
 * zero either way, as all that reads it is zero, and goes on being trained by them: it is part of groups that stay, and counts in their
 * norms. So as long as these groups would have stayed zero, all other weights, slots and figures are the same but for the order in
 * which floats are added up, with every penalty whose groups act each by itself, or of which those that are zero never outrank
 * others. One thing differs that no output depends on: the running statistics of channels that left are those of the given model.
 */
import { tensor } from "../graph/tensor.ts";
import type { Graph, Tensor } from "../graph/types.ts";
import type { BeforeAfter } from "../report/results.ts";
import { leavingSome, structureOf, unreadChannels } from "../shrink/unread.ts";
import { names } from "../step/names.ts";
import { parameters, withTensors } from "../step/parameters.ts";
import type { Resolved } from "./options.ts";
import type { Steered } from "./steered.ts";
import { type Thin, thin } from "./thin.ts";
import type { Trainer } from "./trainer.ts";

/** Stands for the number of epochs of a channel that left. */
const GONE = -1;

/** What of a run's options it looks at. */
type Asked = Pick<Resolved, "optimizer" | "schedule" | "epochs" | "shrinkAfter"> & { readonly shrinkEvery: number };

export class Thinning {
  private readonly graph: Graph;
  private readonly asked: Asked;
  private readonly params: number;
  /** For how many epochs on end each channel has been unread. */
  private unread: Int32Array = new Int32Array(0);
  private now: Thin | undefined;

  /** @param graph with what is frozen as constants */
  constructor(graph: Graph, asked: Asked) {
    this.graph = graph;
    this.asked = asked;
    this.params = parameters(graph).trained.reduce((n, { shape }) => n + shape.reduce((p, d) => p * d, 1), 0);
  }

  /** What an epoch's metrics say of it: the elements of all parameters, and of those that the next step computes with. */
  get metrics(): { readonly stepParams: BeforeAfter } {
    return { stepParams: { before: this.params, after: this.now?.params ?? this.params } };
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
   * @param epoch finished epochs, this one included
   * @returns the trainer that goes on
   */
  async after(epoch: number, trainer: Trainer, steered: Steered | undefined): Promise<Trainer> {
    const { shrinkEvery, shrinkAfter, epochs } = this.asked;
    const before = this.unread;
    if (!this.mayLeave(epoch, trainer, steered)) this.unread = before.map((n) => Math.min(n, 0));
    else {
      const found = unreadChannels(structureOf(withTensors(this.graph, await trainer.weights())));
      this.unread = new Int32Array([...found].reduce((n, c) => Math.max(n, c + 1), before.length));
      this.unread.forEach((_, c) => {
        const known = before[c] ?? 0;
        this.unread[c] = known === GONE ? GONE : found.has(c) ? known + 1 : 0;
      });
    }
    const standing = steered !== undefined && !this.now; // what its cut made zero stays so
    const leave = this.channels((n) => n >= (standing ? 1 : shrinkAfter));
    if ((!standing && epoch % shrinkEvery !== 0) || epoch === epochs || leave.size === 0) return trainer;
    const gone = leavingSome(
      structureOf(this.graph),
      this.channels((n) => n === GONE),
      leave,
    );
    this.unread = this.unread.map((n, c) => (gone.has(c) ? GONE : Math.max(n, 0)));
    this.now = thin(this.graph, gone);
    return trainer.rebuild({ thin: this.now });
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
