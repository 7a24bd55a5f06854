/** What the score of a given model says of how it is fed. */
import type { Dataset } from "../data/dataset.ts";
import { aDataset, anObject, wants } from "../given.ts";
import { option, say, type Words } from "../message.ts";
import type { Score } from "./score.ts";

/** An accuracy below so many times that of guessing tells nothing. */
const LITTLE = 1.5;

/**
 * What to tell of a baseline that is no better than guessing: a trained model is nearly always fed wrongly then. Undefined for others.
 * @param baseline of a model on the data's test samples
 * @throws UsageError for what is no score or no data set
 */
export function baselineNote(baseline: Score, data: Dataset): Words | undefined {
  wants("baselineNote", ["baseline", anObject, baseline], ["data", aDataset, data]);
  const { accuracy } = baseline;
  if (accuracy === null || !data.classes || accuracy >= LITTLE / data.classes) return undefined;
  const { x, source } = data.train;
  const ofImages = data.shape.length === 3 && (source ? source.dtype === "uint8" : x instanceof Uint8Array);
  const otherwise = ofImages
    ? say`its images were normalized otherwise (${option("normalization")})`
    : "its inputs were prepared otherwise";
  return say`the accuracy of the given model is that of guessing: if it was trained for these classes, ${otherwise}, or its classes stand in another order`;
}
