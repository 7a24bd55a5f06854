/** How a model's images are normalized: what its metadata says of it, and what a data set does. */

import { inputsOf } from "../data/columns.ts";
import type { Dataset } from "../data/dataset.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aDataset, aList, aModel, anObject, orNull, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { option, say, type Words } from "../message.ts";
import { hasGivenWeights } from "../onnx/given-weights.ts";
import type { Normalization } from "../step/input.ts";

/** What the metadata of a file says of its input. */
const KEYS = { mean: "espalier.mean", std: "espalier.std", layout: "espalier.layout", input: "espalier.input" };
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

/**
 * The model with its normalization (undefined = values as they are) recorded in metadata_props, for `evaluate`.
 * @param input that it is of, where the model has several
 */
export function recordNormalization(model: Model, n: Normalization | undefined, input?: string): Model {
  const metadata = new Map(model.metadata);
  metadata.delete(KEYS.input);
  if (n && input !== undefined) metadata.set(KEYS.input, input);
  metadata.set(KEYS.mean, n ? n.mean.join(" ") : NONE);
  metadata.set(KEYS.std, n ? n.std.join(" ") : NONE);
  metadata.set(KEYS.layout, LAYOUT);
  return { ...model, metadata };
}

/** What metadata_props say of the normalization: null = values as they are, undefined = nothing is said. */
export function recordedNormalization(model: Model): Normalization | null | undefined {
  const mean = model.metadata.get(KEYS.mean);
  const std = model.metadata.get(KEYS.std);
  if (mean === undefined || std === undefined) return undefined;
  if (mean === NONE) return null;
  return { mean: mean.split(" ").map(Number), std: std.split(" ").map(Number) };
}

/** The input that the recorded normalization is of; undefined where it is not said: that of x. */
export function normalizedInput({ metadata, graph }: Model): string | undefined {
  const name = metadata.get(KEYS.input);
  return graph.inputs.some((v) => v.name === name) ? name : undefined;
}

/** Whether a model's metadata say how its images are normalized. */
export const recordsNormalization = (model: Model): boolean => recordedNormalization(model) !== undefined;
/** How images are normalized, and who says so. */
interface Decision {
  /** Undefined: values are fed as they are. */
  readonly normalization: Normalization | undefined;
  /**
   * "caller": an argument. "model": its metadata. "data": given with the samples. "usual": what the data set's images are usually
   * normalized by, for weights that were never trained otherwise. "nobody": weights from a file of which nothing is known.
   */
  readonly by: "caller" | "model" | "data" | "usual" | "nobody";
}

function decide(model: Model, data: Dataset, asked: Normalization | null | undefined): Decision {
  if (asked !== undefined) return { normalization: asked ?? undefined, by: "caller" };
  const recorded = recordedNormalization(model);
  if (recorded !== undefined) return { normalization: recorded ?? undefined, by: "model" };
  const own = data.mean && data.std ? { mean: data.mean, std: data.std } : undefined;
  const given = data.normalizationGiven || data.train.source !== undefined; // of samples that are read nothing is measured
  if (own && given) return { normalization: own, by: "data" };
  if (!own || !hasGivenWeights(model) || !(data.train.x instanceof Uint8Array))
    return { normalization: own, by: "usual" };
  return { normalization: unit(channelsOf(data)), by: "nobody" };
}

/** x / 255 */
const unit = (channels: number): Normalization => ({
  mean: new Array<number>(channels).fill(0),
  std: new Array<number>(channels).fill(1),
});

/** @param input of the model that is normalized. Default: that of x */
function channelsOf(data: Dataset, input?: string): number {
  const { shape } = inputsOf(data).find((c) => input !== undefined && c.name === input) ?? data;
  return shape.length === 3 ? shape[0] : 1;
}

/**
 * The normalization that `train` and `evaluate` use; undefined = values as they are. Nothing is made up for weights that somebody else
 * trained: of a model from a file that records nothing, pixels are fed as x / 255 (`normalizationNote` says so).
 * @param asked what the caller asks for: null = none. Default: what the model's metadata records, else what was given with the samples,
 *   else x / 255 for a model from a file, and the data set's own for one with new weights
 * @throws UsageError when it is not valid or does not fit the data's channels
 */
export function normalizationOf(model: Model, data: Dataset, asked?: Normalization | null): Normalization | undefined {
  wants(
    "normalizationOf",
    ["model", aModel, model],
    ["data", aDataset, data],
    ["normalization", orNull(anObject), asked],
  );
  const { normalization } = decide(model, data, asked);
  if (normalization) checkNormalization(normalization, channelsOf(data, normalizedInput(model)));
  return normalization;
}

const ASSUMED = say`nothing says how images were normalized when this model was trained: pixels are fed as x / 255. If that is wrong, say so: ${option("normalization")}, mean and std of x / 255 (0.485,0.456,0.406/0.229,0.224,0.225 for most models of ImageNet), or none for 0 … 255`;

/**
 * What to tell whoever runs a model on data of which nobody said how they are normalized; undefined where it is known.
 * @param asked as of `normalizationOf`
 */
export function normalizationNote(model: Model, data: Dataset, asked?: Normalization | null): Words | undefined {
  wants("normalizationNote", ["model", aModel, model], ["data", aDataset, data]);
  return decide(model, data, asked).by === "nobody" ? ASSUMED : undefined;
}

/** @throws UsageError when it is not one finite mean and one positive std for each channel */
export function checkNormalization(given: Normalization, channels: number): void {
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
