/** How a model's images are normalized: what its metadata says of it, and what a data set does. */

import type { Dataset } from "../data/dataset.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aDataset, aList, aModel, anObject, orNull, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import type { Normalization } from "../step/input.ts";

/** What the metadata of a file says of its input. */
const KEYS = { mean: "espalier.mean", std: "espalier.std", layout: "espalier.layout" };
/** How images are fed: the samples' channels first. */
const LAYOUT = "NCHW";

/** @throws EspalierError when the model's metadata records a layout of images other than that of data sets */
export function checkLayout(model: Model): void {
  const layout = model.metadata.get(KEYS.layout) ?? LAYOUT;
  if (layout === LAYOUT) return;
  throw new EspalierError(
    "unsupported",
    "the model records a layout of images that Espalier does not feed",
    { got: layout, wanted: LAYOUT },
    `export the model for ${LAYOUT} (with a Transpose behind its input, say), and remove ${KEYS.layout} from its metadata`,
  );
}

const NONE = "none";

/** The model with its normalization (undefined = values as they are) recorded in metadata_props, for `evaluate`. */
export function recordNormalization(model: Model, n: Normalization | undefined): Model {
  const metadata = new Map(model.metadata);
  metadata.set(KEYS.mean, n ? n.mean.join(" ") : NONE);
  metadata.set(KEYS.std, n ? n.std.join(" ") : NONE);
  metadata.set(KEYS.layout, LAYOUT);
  return { ...model, metadata };
}

/** What metadata_props say of the normalization: null = values as they are, undefined = nothing is said. */
function recordedNormalization(model: Model): Normalization | null | undefined {
  const mean = model.metadata.get(KEYS.mean);
  const std = model.metadata.get(KEYS.std);
  if (mean === undefined || std === undefined) return undefined;
  if (mean === NONE) return null;
  return { mean: mean.split(" ").map(Number), std: std.split(" ").map(Number) };
}

/** Whether a model's metadata say how its images are normalized. */
export const recordsNormalization = (model: Model): boolean => recordedNormalization(model) !== undefined;

/**
 * The normalization that `train` and `evaluate` use; undefined = values as they are.
 * @param asked what the caller asks for: null = none. Default: what the model's metadata records, else the data set's own
 * @throws UsageError when it is not valid or does not fit the data's channels
 */
export function normalizationOf(model: Model, data: Dataset, asked?: Normalization | null): Normalization | undefined {
  wants(
    "normalizationOf",
    ["model", aModel, model],
    ["data", aDataset, data],
    ["normalization", orNull(anObject), asked],
  );
  const given = asked === undefined ? recordedNormalization(model) : asked;
  const own = data.mean && data.std ? { mean: data.mean, std: data.std } : null;
  const normalization = given === undefined ? own : given;
  if (normalization) checkNormalization(normalization, data.shape.length === 3 ? data.shape[0] : 1);
  return normalization ?? undefined;
}

function checkNormalization(given: Normalization, channels: number): void {
  wants("normalization", ["mean", aList, given, "mean"], ["std", aList, given, "std"]);
  const { mean, std } = given;
  const got = `mean ${mean.join(" ")}, std ${std.join(" ")}`;
  if (
    mean.length !== channels ||
    std.length !== channels ||
    ![...mean, ...std].every(Number.isFinite) ||
    !std.every((s) => s > 0)
  )
    throw new UsageError("out-of-range", "normalization wants one mean and one positive std per channel", {
      got,
      wanted: `${channels} each`,
    });
}
