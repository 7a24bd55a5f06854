/** Which factors a weight was composed of, as the model's metadata says: it survives training, writing and reading. */
import { EspalierError } from "../error.ts";
import type { Model } from "../graph/types.ts";

const KEY = "espalier.factors";

/** Whether the model has composed layers. */
export const isComposed = (model: Model): boolean => model.metadata.has(KEY);

/** By the name of the weight: the names of its factors, the one that is applied first at the front. */
export function factorNames(model: Model): ReadonlyMap<string, readonly string[]> {
  const text = model.metadata.get(KEY);
  if (text === undefined) return new Map();
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, string[]>));
  } catch (e) {
    throw new EspalierError("the model's record of its factors cannot be read", {
      metadata: KEY,
      got: text.slice(0, 80),
      reason: (e as Error).message,
    });
  }
}

/** @param names none = the model is not composed */
export function recordFactors(model: Model, names: ReadonlyMap<string, readonly string[]>): Model {
  const metadata = new Map(model.metadata);
  metadata.delete(KEY);
  if (names.size > 0) metadata.set(KEY, JSON.stringify(Object.fromEntries(names)));
  return { ...model, metadata };
}
