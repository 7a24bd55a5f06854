/**
 * Whether channels that a run goes on without, or is about to, would stay zero where they are: theory says so of the point that a method
 * converges to, and a run is on its way there. A channel leaves if its readers would stay zero although what holds them there were only
 * `LEAVES_BELOW` as strong; it comes back where they would not be zero. How that is known:
 * - of a method that sums up gradients (RMDA), by its own sums. To those of weights that are away the gradients of the whole network
 *   are added, times what all steps since the last time would have multiplied them by: the sums go on, with fewer samples;
 * - else by the gradients of the whole network and one proximal step of the method. For the group lasso, a channel leaves where
 *   ‖∇_g f‖ ≤ 0.8·λω_g, and comes back where ‖∇_g f‖ > λω_g. The mean over as many batches as momentum averages over has the noise that
 *   moves groups there.
 */
import type { Batch } from "../data/batches.ts";
import { size, tensor } from "../graph/tensor.ts";
import type { Graph, Shape, Tensor } from "../graph/types.ts";
import type { Moment } from "../optim/schedule.ts";
import { structureOf, unreadChannels } from "../shrink/unread.ts";
import { names } from "../step/names.ts";
import { withTensors } from "../step/parameters.ts";
import { penaltyShare } from "../step/penalty-clock.ts";
import { dualPoints, meanGradients, proximalPoints } from "./foresight.ts";
import type { Resolved } from "./options.ts";
import type { BatchesFrom } from "./run-batches.ts";
import type { Thin } from "./thin.ts";
import type { Trainer } from "./trainer.ts";

const LEAVES_BELOW = 0.8;
/** Batches whose mean gradient is taken: that of 19 has the variance of a running mean with momentum 0.9, */
const BATCHES = 20;
/** but no more than this share of the steps from one time to the next. */
const MOST = 0.1;

interface Asked extends Pick<Resolved, "optimizer" | "schedule" | "lambdaWarmup"> {
  readonly shrinkEvery: number;
  /** The next step. */
  readonly next: Moment;
  readonly batches: BatchesFrom;
  /** What the run goes on without. */
  readonly away: Thin | undefined;
}

/** Channels by their numbers in `structureOf(graph)`: those that the method keeps at zero, and those of them that it does by a margin. */
interface Kept {
  readonly atZero: ReadonlySet<number>;
  readonly safely: ReadonlySet<number>;
}

/** @param graph the whole network, of whose weights the trainer's are */
export async function zeroGuard(trainer: Trainer, graph: Graph, asked: Asked): Promise<Kept> {
  const points = asked.optimizer.sums === undefined ? await bySteps(trainer, asked) : await bySums(trainer, asked);
  const weights = await trainer.weights();
  const [atZero, safely] = points.map((point) =>
    unreadChannels(structureOf(withTensors(graph, new Map([...weights, ...point])))),
  );
  return { atZero, safely };
}

async function ahead({ shrinkEvery, next, batches }: Asked): Promise<Batch[]> {
  const most = Math.min(BATCHES, Math.ceil(shrinkEvery * next.stepsPerEpoch * MOST));
  const some: Batch[] = [];
  for await (const batch of batches(next)) if (some.push(batch) === most) break;
  return some;
}

async function bySteps(trainer: Trainer, asked: Asked) {
  const { next, schedule, lambdaWarmup } = asked;
  const lr = schedule.lr(next) || 1; // at 0 nothing moves, but something would
  const how = { lr, share: penaltyShare(next, lambdaWarmup), factors: [1, 1 / LEAVES_BELOW] };
  const some = await ahead(asked);
  return trainer.asWhole(async (parts) => proximalPoints(parts, await meanGradients(parts, some, next), how));
}

async function bySums(trainer: Trainer, asked: Asked) {
  const { next, away } = asked;
  if (away && away.pinned.size > 0) {
    const some = await ahead(asked);
    const gradients = await trainer.asWhole((parts) => meanGradients(parts, some, next));
    trainer.putSlots(continued(await trainer.tensors(), gradients, away, asked));
  }
  return trainer.asWhole((parts) => dualPoints(parts, trainer.memory, [1, LEAVES_BELOW]));
}

/** Sums as they go on where weights are away. */
function continued(
  held: ReadonlyMap<string, Tensor>,
  gradients: ReadonlyMap<string, Tensor>,
  { pinned }: Thin,
  asked: Asked,
): Map<string, Tensor> {
  const missed = scaleSince(asked);
  const sums = new Map<string, Tensor>();
  for (const [param, mask] of pinned) {
    const name = names.slot(asked.optimizer.sums!, param);
    const { shape, data } = held.get(name)!;
    const dw = gradients.get(param)!.data as Float32Array;
    const isAway = within(mask, shape);
    const sum = Float32Array.from(data as Float32Array, (x, i) => (isAway(i) ? x + missed * dw[i] : x));
    sums.set(name, tensor("float32", shape, sum));
  }
  return sums;
}

/** What the steps since the last time multiplied gradients by, all in all. */
function scaleSince({ optimizer, schedule, next, shrinkEvery }: Asked): number {
  let state = optimizer.clock.start();
  let scale = 0;
  for (let i = 0; i < next.epoch * next.stepsPerEpoch; i++) {
    const now = { ...next, epoch: Math.floor(i / next.stepsPerEpoch), step: i % next.stepsPerEpoch };
    const tick = optimizer.clock.tick(state, now, schedule);
    state = tick.state;
    if (now.epoch >= next.epoch - shrinkEvery) scale += tick.numbers[optimizer.gradientScale!];
  }
  return scale;
}

/** Whether a mask that broadcasts to a shape is 0 at an element. */
function within({ shape: narrow, data }: Tensor, shape: Shape): (element: number) => boolean {
  const axes = shape.map((d, axis) => ({ d, inner: size(shape.slice(axis + 1)), whole: narrow[axis] === d }));
  return (element) => {
    const at = axes.reduce((n, { d, inner, whole }) => (whole ? n * d + (Math.floor(element / inner) % d) : n), 0);
    return data[at] === 0;
  };
}
