/**
 * What a method would make of weights that it keeps at zero, of a whole network as its state stands. Two ways to ask:
 * - one proximal step along the mean gradient of some batches. A group of the group lasso leaves zero there just where ‖∇_g f‖ > λω_g,
 *   where zero does not satisfy its optimality condition: in every metric, as all methods stand still there;
 * - of a method that makes its point anew of sums of gradients, that point.
 */
import type { Batch } from "../data/batches.ts";
import { partSizes } from "../data/share.ts";
import { type DeviceTensors, take, withUploaded } from "../engine/engine.ts";
import { tensor } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import type { Moment } from "../optim/schedule.ts";
import { inputsAt, labelsAt } from "../step/at-length.ts";
import { names } from "../step/names.ts";
import { drawMask } from "./dropout-mask.ts";
import { batchFeeds, numberFeed, numberFeeds } from "./feeds.ts";
import { GradientSum } from "./gradient-sum.ts";
import { partsOf } from "./parts.ts";
import { RankSum } from "./ranks/rank-sum.ts";
import { knownInBatch, shareOf } from "./ranks/share.ts";
import type { StepMemory } from "./stepper.ts";
import type { StepperParts } from "./stepper-parts.ts";

type Tensors = ReadonlyMap<string, Tensor>;

/**
 * The mean gradient of some batches by parameter; running statistics alone move.
 * @param now of the first of them
 */
export async function meanGradients(
  parts: StepperParts,
  batches: readonly Batch[],
  now: Moment,
): Promise<Map<string, Tensor>> {
  const { engine, state, communicator } = parts;
  const sum = new GradientSum(engine, state.trained);
  try {
    for (const batch of batches) await addGradients(parts, batch, now, 1 / batches.length, sum);
    const own = { gradients: sum.feeds(), running: await state.running(), share: 0, loss: 0, correct: 0 };
    const all = communicator && (await new RankSum(engine, communicator, state).sum(own)).gradients;
    const mean = new Map<string, Tensor>();
    for (const { name, shape } of state.trained) {
      const of = names.gradient(name);
      const { data } = all ? all[of] : await engine.download(own.gradients[of]);
      mean.set(name, tensor("float32", shape, Float32Array.from(data as Float32Array)));
    }
    return mean;
  } finally {
    sum.dispose();
  }
}

/**
 * @param lr size of the step
 * @param share of the penalty that counts, in [0, 1]
 * @param factors what gradients are multiplied by
 * @returns for each factor the parameters by name that the penalty acts on, behind the step
 */
export async function proximalPoints(
  { engine, plan, sessions, state }: StepperParts,
  gradients: Tensors,
  { lr, share, factors }: { readonly lr: number; readonly share: number; readonly factors: readonly number[] },
): Promise<Tensors[]> {
  const { session } = await sessions.get("foreseen");
  const along = Object.fromEntries([...gradients].map(([name, t]) => [names.gradient(name), t]));
  const acting = plan.penalty && { share, sum: 0, step: lr * share, part: share };
  const points: Tensors[] = [];
  for (const factor of factors) {
    const host = { ...numberFeeds({}, acting), [names.weight]: numberFeed(lr * factor), ...along };
    const out = await withUploaded(engine, host, (up) => session.run({ ...state.feeds, ...up }));
    points.push(await taken(engine, state, out));
  }
  return points;
}

/** The points that a method makes anew of its slots. @param factors what the penalty is multiplied by, one point for each */
export async function dualPoints(
  { engine, sessions, state }: StepperParts,
  { numbers, penalty }: StepMemory,
  factors: readonly number[],
): Promise<Tensors[]> {
  const { session } = await sessions.get("dual");
  const points: Tensors[] = [];
  for (const factor of factors) {
    const host = numberFeeds(numbers, { ...penalty, step: penalty.step * factor });
    const out = await withUploaded(engine, host, (up) => session.run({ ...state.feeds, ...up }));
    points.push(await taken(engine, state, out));
  }
  return points;
}

/** Parameters among what a program made, by name. */
async function taken(
  engine: StepperParts["engine"],
  { trained }: StepperParts["state"],
  out: DeviceTensors,
): Promise<Tensors> {
  const found = new Map<string, Tensor>();
  for (const { name } of trained) {
    const next = out[names.next(names.param(name))];
    if (next) found.set(name, await take(engine, next));
  }
  return found;
}

/** Adds those of a batch, times `weight`, part by part as a step has them. */
async function addGradients(
  { engine, plan, sessions, state, labels, seed, accumulate, leastPart, communicator }: StepperParts,
  batch: Batch,
  now: Moment,
  weight: number,
  sum: GradientSum,
): Promise<void> {
  const own = shareOf(batch, communicator, leastPart);
  const known = await knownInBatch(batch, labels, communicator);
  const { gradientScale } = plan.optimizer;
  for (const part of partsOf(own, partSizes(own.count, accumulate, leastPart))) {
    if (part.count === 0) continue; // a rank without a share
    const { session, masks } = await sessions.get("gradients", part.count, part.length);
    const inputs = [...plan.inputs, ...(plan.teacher?.inputs ?? [])];
    const host = {
      ...numberFeeds(gradientScale === undefined ? {} : { [gradientScale]: 1 }),
      [names.weight]: numberFeed((weight * part.count) / batch.count),
      ...batchFeeds(part, inputsAt(inputs, part.length), labelsAt(labels, part.length), known),
      ...Object.fromEntries(masks.map((mask, i) => [mask.name, drawMask(mask, i, part, now, seed)])),
    };
    const running = state.targets(session.outputNames);
    const into = { ...running, ...sum.targets() };
    const out = await withUploaded(engine, host, (up) => session.run({ ...state.feeds, ...up }, into));
    for (const told of [names.loss, names.correct]) if (out[told]) engine.dispose(out[told]);
    state.swap(running);
    await sum.add((await sessions.get("add")).session);
  }
}
