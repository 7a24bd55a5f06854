/** Data, a model's input and its normalization: whether they fit, and what the model's metadata says of it. */

import type { Dataset } from "../data/dataset.ts";
import type { Split } from "../data/split.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aDataset, aList, aModel, anObject, orNull, wants } from "../given.ts";
import { axesOfInput, batchSymbol, withSizes } from "../graph/bind.ts";
import { size } from "../graph/tensor.ts";
import type { Model, Value } from "../graph/types.ts";
import type { InputPlan, Normalization } from "../step/input.ts";

/** What the metadata of a file says of its input. */
const KEYS = { mean: "espalier.mean", std: "espalier.std", layout: "espalier.layout" };
/** How images are fed: the samples' channels first. */
const LAYOUT = "NCHW";

/** How the samples of a split travel. */
export const travelsAs = (x: Split["x"]): InputPlan["dtype"] => (x instanceof Uint8Array ? "uint8" : "float32");

/**
 * Checks that samples of a data set fit a model's input.
 * @throws EspalierError naming both shapes, or the layout that the model's metadata records
 */
export function checkInput(model: Model, sample: readonly number[]): Value {
  const { inputs } = model.graph;
  if (inputs.length !== 1)
    throw new EspalierError("unsupported", "the model must have exactly one input", {
      got: inputs.map((v) => v.name).join(", ") || "none",
    });
  const layout = model.metadata.get(KEYS.layout) ?? LAYOUT;
  if (layout !== LAYOUT)
    throw new EspalierError(
      "unsupported",
      "the model records a layout of images that Espalier does not feed",
      { got: layout, wanted: LAYOUT },
      `export the model for ${LAYOUT} (with a Transpose behind its input, say), and remove ${KEYS.layout} from its metadata`,
    );
  const [input] = inputs;
  const wanted = input.shape.slice(1);
  const same = wanted.join() === sample.join();
  const flat = size(wanted) === size(sample) && (wanted.length === 1 || sample.length === 1);
  if (input.dtype !== "float32" || !(same || flat))
    throw new EspalierError(
      "mismatch",
      "the data does not fit the model's input",
      { input: input.name, got: `[N,${sample}]`, wanted: `${input.dtype}[N,${wanted}]` },
      "choose a model for this image size, or another data set",
    );
  return input;
}

/** The model with its free sizes, but for the batch, bound to those of samples, where these have as many axes as its input. */
export function forSamples(model: Model, sample: readonly number[]): Model {
  const [input] = model.graph.inputs;
  const free = input ? axesOfInput(model, input).slice(1) : [];
  if (free.length !== sample.length || !free.some((d) => typeof d === "string")) return model;
  const sizes = free.flatMap((d, i) => (typeof d === "string" ? [[d, sample[i]] as const] : []));
  return withSizes(model, Object.fromEntries(sizes));
}

/**
 * Checks that a model takes batches of any size.
 * @throws EspalierError when its batch size is fixed
 */
export function checkDynamicBatch(model: Model): void {
  const batch = batchSymbol(model);
  const fixed = model.graph.inputs.find((v) => batch === undefined || axesOfInput(model, v)[0] !== batch);
  if (!fixed) return;
  throw new EspalierError(
    "unsupported",
    "the model does not take batches of any size",
    {
      input: fixed.name,
      got: `[${axesOfInput(model, fixed)}]`,
      wanted: `[batch,${fixed.shape.slice(1)}]`,
      reason: model.sizes?.fixed,
    },
    "export the model with a dynamic batch axis (torch.onnx.export: dynamic_axes or dynamic_shapes)",
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
