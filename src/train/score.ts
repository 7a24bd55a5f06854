/** Loss and accuracy of parameters on a split, in evaluation mode. */
import { batches, type Loader } from "../data/batches.ts";
import { arrayOfColumn } from "../data/columns.ts";
import type { SamplePlaces } from "../data/places.ts";
import { sampleSize } from "../data/source.ts";
import type { Split } from "../data/split.ts";
import { type DeviceTensor, type Engine, take, withUploaded } from "../engine/engine.ts";
import { inputsAt, labelsAt } from "../step/at-length.ts";
import type { InputPlan } from "../step/input.ts";
import type { LabelPlan } from "../step/loss.ts";
import { names } from "../step/names.ts";
import type { LossPlan } from "../step/plan.ts";
import type { EvaluationPrograms } from "../step/programs.ts";
import { batchFeeds, knownPerSample } from "./feeds.ts";
import { travelsAs } from "./inputs.ts";
import { NotFiniteError } from "./not-finite.ts";
import type { Sessions } from "./sessions.ts";

/** How well a model does on a split. */
export interface Score {
  /** Mean over the samples. */
  readonly loss: number;
  /** Null outside classification. */
  readonly accuracy: number | null;
}

/** Samples that are scored at once. */
export const EVALUATION_BATCH = 250;

/**
 * @param feeds parameters and running statistics
 * @param loader of samples that are not in memory
 */
export async function score(
  engine: Engine,
  sessions: Sessions<EvaluationPrograms>,
  feeds: Readonly<Record<string, DeviceTensor>>,
  split: Split,
  plan: LossPlan & { readonly labels: readonly LabelPlan[]; readonly places?: SamplePlaces },
  loader: Loader = batches,
): Promise<Score> {
  let loss = 0;
  let correct = 0;
  // a split may be other than the one trained on
  const inputs = plan.inputs.map((one): InputPlan => ({ ...one, dtype: travelsAs(arrayOfColumn(split, one, "x")) }));
  const known = knownPerSample(split, plan.labels);
  for await (const batch of (split.source ? loader : batches)(split, {
    shape: [sampleSize(split)],
    batchSize: EVALUATION_BATCH,
    seed: 0,
    shuffle: false,
    places: plan.places,
    anyOrder: true,
  })) {
    const { count, length } = batch;
    const taken = inputsAt(inputs, length);
    const tensors = batchFeeds(batch, taken, labelsAt(plan.labels, length), known);
    const { session } = await sessions.get("evaluation", count, taken, length);
    const out = await withUploaded(engine, tensors, (uploaded) => session.run({ ...feeds, ...uploaded }));
    loss += (await scalar(engine, out[names.loss])) * count;
    if (out[names.correct]) correct += await scalar(engine, out[names.correct]);
  }
  if (!Number.isFinite(loss))
    throw new NotFiniteError(
      "the loss of the evaluation is not finite",
      { got: loss },
      "weights or inputs are out of range: train with a smaller lr, or check the normalization",
    );
  return { loss: loss / split.count, accuracy: tellsClasses(plan) ? correct / split.count : null };
}

/** Whether accuracy can be told. */
export const tellsClasses = ({ terms }: LossPlan): boolean => terms.some(({ loss }) => loss.labels === "class");

/** The number in a one-element tensor of floats, which is disposed of. */
export async function scalar(engine: Engine, t: DeviceTensor): Promise<number> {
  return Number((await take(engine, t)).data[0]);
}
