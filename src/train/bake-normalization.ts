/** Normalization as part of a model: its input then takes pixels as they are, 0 … 255. */
import { EspalierError, UsageError } from "../error.ts";
import { aModel, anObject, aText, maybe, wants } from "../given.ts";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Graph, Model, Node, Tensor, Value } from "../graph/types.ts";
import { named, option, say } from "../message.ts";
import type { Normalization } from "../step/input.ts";
import { checkNormalization, normalizedInput, recordedNormalization, recordNormalization } from "./normalization.ts";

/** Options of `bakeNormalization`. */
export interface BakeOptions {
  /** The input of the images. Default: the one that the metadata names, else the only one. */
  readonly input?: string;
  /** What stands for 1 in what the input will take: 255 (default) for bytes, 1 for numbers of which mean and std are themselves. */
  readonly largest?: number;
}

/**
 * The model with (x / 255 − mean) / std as its first two nodes: its input, float32 as before, takes 0 … 255, and its metadata says that
 * nothing else is to be done. What it computes of pixels is what it computed of normalized ones, bit for bit, as training fed it.
 * @param given mean and std of x / 255, one number per channel of [N, C, H, W], or one of each. Default: what the model's metadata records
 * @throws EspalierError when there is no such input; UsageError when the normalization does not fit it, or nothing is recorded of one
 */
export function bakeNormalization(model: Model, given?: Normalization, options: BakeOptions = {}): Model {
  wants(
    "bakeNormalization",
    ["model", aModel, model],
    ["normalization", maybe(anObject), given],
    ["options", anObject, options],
    ["input", maybe(aText), options, "input"],
  );
  const normalization = given ?? recordedOf(model);
  const { graph } = model;
  const { largest = 255 } = options;
  if (!(largest > 0 && largest < Infinity))
    throw new UsageError("out-of-range", say`${named("largest")} is out of range`, {
      got: largest,
      wanted: "a number > 0",
    });
  const input = inputOf(graph, options.input ?? normalizedInput(model));
  checkNormalization(normalization, normalization.mean?.length ?? 1);
  const channels = normalization.mean.length;
  if (channels > 1 && input.shape[1] !== channels)
    throw new UsageError("mismatch", "the normalization does not fit the model's input", {
      input: input.name,
      got: `${channels} channels`,
      wanted: `${input.shape[1] ?? 1}, as [${input.shape}] has`,
    });
  return recordNormalization({ ...model, graph: withFirst(graph, input, normalization, largest) }, undefined);
}

function recordedOf(model: Model): Normalization {
  const recorded = recordedNormalization(model);
  if (recorded) return recorded;
  if (recorded === null)
    throw new UsageError("conflict", "the model takes values as they are: there is no normalization to put into it");
  throw new UsageError(
    "missing",
    "nothing says how the model's images are normalized",
    { wanted: "mean and std of x / 255" },
    say`give ${option("normalization")}`,
  );
}

function inputOf({ inputs }: Graph, name: string | undefined): Value {
  const found = name === undefined ? inputs : inputs.filter((v) => v.name === name);
  if (found.length === 1 && found[0].dtype === "float32") return found[0];
  throw new EspalierError(
    found.length === 1 ? "unsupported" : "missing",
    "the model has no input of images that normalization could stand behind",
    {
      got: inputs.map((v) => `${v.name} ${v.dtype}[${v.shape}]`).join(", "),
      wanted: `one of float32${name ? ` called ${name}` : ""}`,
    },
    inputs.length > 1 && name === undefined ? "name the input" : undefined,
  );
}

/** The same two operations that a run puts before the model, with the same numbers. */
function withFirst(graph: Graph, input: Value, { mean, std }: Normalization, largest: number): Graph {
  const shape = [1, mean.length, ...input.shape.slice(2).map(() => 1)].slice(0, Math.max(2, input.shape.length));
  const g = builder(graph.name, { ...graph, nodes: [], outputs: [] });
  g.reserve(graph.nodes.flatMap((node) => node.outputs.flatMap((o) => (o ? [o.name] : []))));
  const perChannel = (of: readonly number[]): Tensor => f32(of, shape);
  const scaled = g.Mul(input, g.constant(perChannel(std.map((s) => 1 / (largest * s)))));
  const offset = perChannel(mean.map((m, i) => m / std[i]));
  const normalized = g.Sub(scaled, g.constant(offset));
  const first = g.build().nodes;
  const nodes = graph.nodes.map(
    (node): Node => ({
      ...node,
      inputs: node.inputs.map((v) => (v === input ? normalized : v)),
    }),
  );
  return { ...graph, nodes: [...first, ...nodes], outputs: graph.outputs.map((v) => (v === input ? normalized : v)) };
}
