/** Which factors a weight was composed of, as the model's metadata says: it survives training, writing and reading. */

import { EspalierError } from "../error.ts";
import { aList, aModel, wants } from "../given.ts";
import { matcher } from "../graph/name-patterns.ts";
import type { Model } from "../graph/types.ts";

const KEY = "espalier.factors";

/**
 * Whether the model has composed layers.
 * @throws EspalierError when its record of them is damaged
 */
export function isComposed(model: Model): boolean {
  wants("isComposed", ["model", aModel, model]);
  return factorNames(model).size > 0;
}

/**
 * By the name of the weight: the names of its factors, the one that is applied first at the front.
 * @throws EspalierError when the record is damaged
 */
export function factorNames(model: Model): ReadonlyMap<string, readonly string[]> {
  const text = model.metadata.get(KEY);
  if (text === undefined) return new Map();
  const damaged = (reason: string) =>
    new EspalierError(
      "invalid-file",
      "the model's record of its factors cannot be read",
      { metadata: KEY, got: text.slice(0, 80), reason },
      "use the file as Espalier wrote it, or remove this entry of its metadata to take the factors as layers of their own",
    );
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (e) {
    throw damaged((e as Error).message);
  }
  if (typeof record !== "object" || record === null || Array.isArray(record))
    throw damaged("it is no object of lists of names");
  const names = Object.entries(record);
  for (const [weight, factors] of names)
    if (!Array.isArray(factors) || factors.length === 0 || !factors.every((f) => typeof f === "string"))
      throw damaged(`"${weight}" is no list of names`);
  return new Map(names);
}

/**
 * Patterns of the names of weights as they were before `compose`, in terms of the composed model: a pattern that matches a composed
 * weight stands for all its factors.
 */
export function factorPatterns(model: Model, patterns: readonly string[]): readonly string[] {
  wants("factorPatterns", ["model", aModel, model], ["patterns", aList, patterns]);
  const composed = [...factorNames(model)];
  const factors = new Set(composed.flatMap(([, names]) => names));
  const others = [...model.graph.initializers.keys()].filter((v) => v.shape.length > 1 && !factors.has(v.name));
  return patterns.flatMap((pattern) => {
    const matches = matcher(pattern);
    const own = composed.flatMap(([weight, names]) => (matches(weight) ? names : []));
    return own.length === 0 || others.some((v) => matches(v.name)) ? [pattern, ...own] : own;
  });
}

/** @param names none = the model is not composed */
export function recordFactors(model: Model, names: ReadonlyMap<string, readonly string[]>): Model {
  const metadata = new Map(model.metadata);
  metadata.delete(KEY);
  if (names.size > 0) metadata.set(KEY, JSON.stringify(Object.fromEntries(names)));
  return { ...model, metadata };
}
