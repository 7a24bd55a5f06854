/** What of a data set goes into which of a model's inputs. */
import { arrayOfColumn, inputsOf, type Named } from "../data/columns.ts";
import type { Dataset } from "../data/dataset.ts";
import type { SamplePlaces } from "../data/places.ts";
import type { Numbers } from "../data/split.ts";
import { EspalierError } from "../error.ts";
import { aModel, wants } from "../given.ts";
import { axesOfInput, batchSymbol, withSizes } from "../graph/bind.ts";
import { isFloat, size } from "../graph/tensor.ts";
import type { Model, Value } from "../graph/types.ts";
import { option, say } from "../message.ts";
import type { InputPlan, Normalization } from "../step/input.ts";
import { checkLayout, normalizedInput } from "./normalization.ts";
import { checkTokens } from "./token-range.ts";

/** How samples travel. */
export const travelsAs = (of: Numbers): InputPlan["dtype"] =>
  of instanceof Uint8Array ? "uint8" : of instanceof Int32Array ? "int32" : "float32";

interface Match {
  readonly input: Value;
  readonly column: Named;
}

/**
 * The column for each input of a model: the one of its name. A single column is for a single input whatever their names; one
 * without a name for the input that no other is for.
 * @throws EspalierError naming the input that there is nothing for
 */
function matches(model: Model, data: Dataset): Match[] {
  const columns = inputsOf(data);
  const { inputs } = model.graph;
  const pairs = inputs.map((input) => ({ input, column: columns.find((c) => c.name === input.name) }));
  const left = pairs.filter(({ column }) => !column);
  const unnamed = columns.find((c) => c.name === undefined || (inputs.length === 1 && columns.length === 1));
  if (inputs.length > 0 && (left.length === 0 || (left.length === 1 && unnamed)))
    return pairs.map(({ input, column }) => ({ input, column: column ?? unnamed! }));
  throw new EspalierError(
    "mismatch",
    inputs.length === 0 ? "the model has no input" : "the data has nothing for an input of the model",
    {
      input: left.map(({ input }) => input.name).join(", ") || undefined,
      got: columns.map((c) => c.name ?? "one without a name").join(", "),
      wanted: inputs.map((v) => `${v.name} ${v.dtype}[${axesOfInput(model, v)}]`).join(", ") || undefined,
    },
    say`give data with inputs of these names, or say which column is for which: renameColumns, ${option("columns")}`,
  );
}

/** The further inputs of a data set that a model has not. */
export function leftOut(model: Model, data: Dataset): string[] {
  const used = matches(model, data).map(({ column }) => column);
  return inputsOf(data).flatMap((c) => (used.some((u) => u.more === c.more) ? [] : [c.name ?? "x"]));
}

/**
 * Checks that samples of a data set fit a model's inputs.
 * @throws EspalierError naming both shapes, or the layout that the model's metadata records
 */
export function checkInputs(model: Model, data: Dataset): void {
  const found = matches(model, data);
  checkLayout(model);
  for (const { input, column } of found) {
    const { shape: sample } = column;
    const wanted = input.shape.slice(1);
    const same = wanted.join() === sample.join();
    const flat = size(wanted) === size(sample) && (wanted.length <= 1 || sample.length <= 1);
    const whole = !(arrayOfColumn(data.train, column, "x") instanceof Float32Array);
    if (input.shape.length > 0 && (whole || isFloat(input.dtype)) && (same || flat)) continue;
    throw new EspalierError(
      "mismatch",
      "the data does not fit the model's input",
      {
        input: input.name,
        got: `${whole ? "" : "float32"}[N,${sample}]`,
        wanted: `${input.dtype}[N,${wanted}]`,
      },
      isFloat(input.dtype)
        ? "choose a model for this image size, or another data set"
        : "give whole numbers of this shape (an Int32Array, say)",
    );
  }
  checkTokens(
    model.graph,
    data,
    found.map(({ input, column }) => ({
      input,
      sample: column.shape,
      of: (split) => arrayOfColumn(split, column, "x"),
    })),
  );
}

/** The model with its free sizes, but for the batch, bound to those of samples, where these have as many axes as its inputs. */
export function forSamples(model: Model, data: Dataset): Model {
  const batch = batchSymbol(model);
  const sizes = new Map<string, number>();
  for (const { input, column } of matches(model, data)) {
    const free = axesOfInput(model, input).slice(1);
    if (free.length !== column.shape.length) continue;
    free.forEach((d, i) => {
      if (typeof d === "string" && d !== batch && !sizes.has(d)) sizes.set(d, column.shape[i]);
    });
  }
  return sizes.size > 0 ? withSizes(model, Object.fromEntries(sizes)) : model;
}

/** How samples differ in length, in batches of which each has one of a few; undefined where the model takes samples of one length alone. */
export function placesOf(model: Model, data: Dataset): SamplePlaces | undefined {
  const batch = batchSymbol(model);
  const axes = matches(model, data).flatMap(({ input, column }) =>
    column.byPlace ? [axesOfInput(model, input)[1]] : [],
  );
  return axes.length > 0 && axes.every((d) => typeof d === "string" && d !== batch) ? data.places : undefined;
}

/** How many places a sample must have, where an input of whole numbers takes no other number; undefined where it takes any. */
export function fixedPlaces(model: Model): number | undefined {
  wants("fixedPlaces", ["model", aModel, model]);
  const all = model.graph.inputs.map((v) => [v, axesOfInput(model, v)] as const);
  const tokens = all.find(([v, axes]) => axes.length === 2 && !isFloat(v.dtype));
  const places = tokens?.[1][1];
  return typeof places === "number" ? places : undefined;
}

/** How the model's inputs are made of samples. @param normalization of x, or of the input that the model records */
export function inputPlans(model: Model, data: Dataset, normalization: Normalization | undefined): InputPlan[] {
  const recorded = normalizedInput(model);
  const isNormalized = ({ input, column }: Match) =>
    isFloat(input.dtype) && (recorded === undefined ? column.more === undefined : input.name === recorded);
  return matches(model, data).map(({ input, column }) => ({
    ...(model.graph.inputs.length > 1 && { input: input.name }),
    ...(column.more !== undefined && { more: column.more }),
    dtype: travelsAs(arrayOfColumn(data.train, column, "x")),
    sample: column.shape,
    ...(column.byPlace && { byPlace: true }),
    ...(isNormalized({ input, column }) && { normalization }),
  }));
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
