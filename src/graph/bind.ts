/** One model, many bindings: a model's graph for given sizes of its inputs. */
import { type EspalierError, UsageError } from "../error.ts";
import { aModel, aNumber, anObject, wants } from "../given.ts";
import { didYouMean } from "../nearest.ts";
import { reshapeInputs } from "./infer.ts";
import type { Dim, Graph, Model, Shape, Value } from "./types.ts";

/** Sizes by their symbols: `{ batch: 128, sequence: 64 }`. */
export type Sizes = Readonly<Record<string, number>>;

/** The symbol of the size that counts samples; undefined where every input has a fixed number of them. */
export function batchSymbol({ sizes, dims, graph }: Model): string | undefined {
  if (sizes) return sizes.batch;
  return graph.inputs.map((v) => dims.get(v.name)?.[0]).find((d) => typeof d === "string");
}

/** The same, where the model's file takes any number of them too; one that was made for a single sample does not. */
export function declaredBatch(model: Model): string | undefined {
  const free = model.graph.inputs.some((v) => typeof model.dims.get(v.name)?.[0] === "string");
  return free ? batchSymbol(model) : undefined;
}

/** The dimensions of an input: a number, or the symbol of a size that is free. */
export function axesOfInput(model: Model, v: Value): readonly Dim[] {
  if (model.sizes) return model.sizes.axes.get(v.name) ?? v.shape;
  const dims = model.dims.get(v.name) ?? v.shape;
  return dims.map((d, i) => (typeof d === "string" && i === 0 ? batchSymbol(model)! : d));
}

/**
 * The free sizes of a model and what its graph has for them: the batch first, then the others in the order of the inputs.
 * @returns symbol → size; empty where the file fixes all of them
 */
export function sizesOf(model: Model): Map<string, number> {
  wants("sizesOf", ["model", aModel, model]);
  const batch = batchSymbol(model);
  const found = new Map<string, number>();
  const all = model.graph.inputs.flatMap((v) => axesOfInput(model, v).map((d, i) => [d, v.shape[i]] as const));
  for (const first of [true, false])
    for (const [d, n] of all) if (typeof d === "string" && (d === batch) === first && !found.has(d)) found.set(d, n);
  return found;
}

/**
 * The model's graph for given sizes: all shapes and what is computed from them are those of these sizes.
 * @param sizes by symbol; what is left out stays as it is in `model.graph`
 * @throws UsageError for a symbol that the model has not; EspalierError naming the node that does not fit at these sizes
 */
export function bind(model: Model, sizes: Sizes): Graph {
  wants("bind", ["model", aModel, model], ["sizes", anObject, sizes]);
  const free = sizesOf(model);
  for (const [symbol, n] of Object.entries(sizes)) {
    wants("bind", [symbol, aNumber, n]);
    if (!free.has(symbol)) throw unknownSize(symbol, free);
    if (!(Number.isSafeInteger(n) && n > 0))
      throw new UsageError("out-of-range", `${symbol} is no size`, { got: n, wanted: "a positive integer" });
  }
  const shapes = new Map<Value, Shape>();
  for (const v of model.graph.inputs) {
    const shape = axesOfInput(model, v).map((d, i) => (typeof d === "string" ? (sizes[d] ?? v.shape[i]) : v.shape[i]));
    if (shape.some((n, i) => n !== v.shape[i])) shapes.set(v, shape);
  }
  return reshapeInputs(model.graph, shapes).graph;
}

/**
 * The model with other sizes in its graph, as `inspect`, `cost` and `evaluate` see it; the file that `write` makes of it is the same.
 * @param sizes by symbol, as of `bind`
 */
export const withSizes = (model: Model, sizes: Sizes): Model => ({ ...model, graph: bind(model, sizes) });

function unknownSize(symbol: string, free: ReadonlyMap<string, number>): EspalierError {
  return new UsageError(
    "unknown-name",
    "the model has no such free size",
    { got: symbol, wanted: [...free.keys()].join(", ") || "none: all sizes are fixed" },
    didYouMean(symbol, free.keys()),
  );
}

/** The model's graph for one batch size. Without a free batch it stays as it is. */
export function atBatch(model: Model, n: number): Graph {
  wants("atBatch", ["model", aModel, model], ["n", aNumber, n]);
  const batch = batchSymbol(model);
  return bind(model, batch === undefined ? {} : { [batch]: n });
}

/**
 * Sizes other than those of the model's graph, at which it was read too: what holds at both holds at others.
 * @returns undefined where only the batch is free, or nothing
 */
export function otherSizes(model: Model): Sizes | undefined {
  const batch = batchSymbol(model);
  const second = [...(model.sizes?.tried[1] ?? [])].filter(([s]) => s !== batch);
  return second.length > 0 ? Object.fromEntries(second) : undefined;
}
