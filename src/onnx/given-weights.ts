/** Whether a model's weights were given with it, in a file: what somebody trained, by a preprocessing of theirs. */
import type { Model } from "../graph/types.ts";
import { type Rest, restOf } from "./rest.ts";

/** True of what was read from a file, until all its weights are drawn anew. */
export const hasGivenWeights = (model: Model): boolean => {
  const rest = restOf(model);
  return rest !== undefined && rest.drawn !== "all";
};

/** True where the classifier is given too, so that its answers say something. */
export const hasGivenHead = (model: Model): boolean => hasGivenWeights(model) && restOf(model)?.drawn === undefined;

/** The model as one whose weights are nobody's. */
export function withDrawnWeights(model: Model): Model {
  const rest = restOf(model);
  if (!rest) return model;
  const drawn: Rest = { ...rest, drawn: "all" };
  return { ...model, rest: drawn };
}
