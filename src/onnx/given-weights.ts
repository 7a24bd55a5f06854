/** Whether a model's weights were given with it, in a file: what somebody trained, by a preprocessing of theirs. */
import type { Model } from "../graph/types.ts";
import { type ReplacedHead, type Rest, restOf } from "./rest.ts";

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

/** The model with a classifier of its own on weights that were given. */
export function withReplacedHead(model: Model, head: ReplacedHead): Model {
  const rest = restOf(model);
  if (!rest) return model;
  const kept: Rest = { ...rest, drawn: rest.drawn === "all" ? "all" : head };
  return { ...model, rest: kept };
}

/** The classifier that was replaced, if one was. */
export function replacedHead(model: Model): ReplacedHead | undefined {
  const drawn = restOf(model)?.drawn;
  return drawn === "all" ? undefined : drawn;
}
