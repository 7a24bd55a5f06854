/** How values of a user's file became numbers, kept with the model that is trained on them. */
import type { ColumnEncoding, Encoding } from "../data/encoding.ts";
import { EspalierError } from "../error.ts";
import { aModel, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";

const KEY = "espalier.data";

/** The model with the encoding of its samples in its metadata; without one, as it is. */
export function recordEncoding(model: Model, encoding: Encoding | undefined): Model {
  if (!encoding) return model;
  return { ...model, metadata: new Map(model.metadata).set(KEY, JSON.stringify(encoding)) };
}

/**
 * How the samples that a model was trained on became numbers, for `datasets.open(path, { encoding })`: other samples are then read in
 * the same way – columns in the same order, standardized by the same numbers, classes and categories with the same places.
 * @returns null when the model's metadata records nothing
 * @throws EspalierError for a record that is damaged
 */
export function encodingOf(model: Model): Encoding | null {
  wants("encodingOf", ["model", aModel, model]);
  const text = model.metadata.get(KEY);
  if (text === undefined) return null;
  const damaged = (reason: string) =>
    new EspalierError(
      "invalid-file",
      "the model's record of its data is damaged",
      { metadata: KEY, reason },
      `remove ${KEY} from the model's metadata`,
    );
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (e) {
    throw damaged((e as Error).message);
  }
  if (!isEncoding(found)) throw damaged("it is not what Espalier writes");
  return found;
}

const isObject = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && !Array.isArray(x);
const isTexts = (x: unknown): x is readonly string[] => Array.isArray(x) && x.every((t) => typeof t === "string");
const isNumber = (x: unknown): boolean => x === undefined || Number.isFinite(x);

const isColumn = (x: unknown): x is ColumnEncoding =>
  isObject(x) &&
  typeof x["name"] === "string" &&
  (x["categories"] === undefined
    ? isNumber(x["mean"]) && isNumber(x["fill"]) && isNumber(x["std"]) && x["std"] !== 0
    : isTexts(x["categories"]));

const isEncoding = (x: unknown): x is Encoding =>
  isObject(x) &&
  [x["labels"], x["classes"]].every((t) => t === undefined || isTexts(t)) &&
  (x["columns"] === undefined || (Array.isArray(x["columns"]) && x["columns"].every(isColumn)));
