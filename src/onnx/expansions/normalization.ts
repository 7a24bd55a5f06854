/** Layer normalizations that ONNX Runtime's fusions make. Source: its docs/ContribOperators.md. */
import type { Builder } from "../../graph/builder.ts";
import { axisOf, float, int } from "../../graph/op.ts";
import type { Value } from "../../graph/types.ts";
import { type Expansion, num, plus, refuse } from "./expansion.ts";
import { positionsAlong } from "./positions.ts";

/** The opset that brought LayerNormalization itself; ONNX Runtime has it under this name before. */
const OWN_LAYER_NORM = 17;

interface Normalized {
  readonly y: Value;
  readonly mean: Value | undefined;
  /** 1/σ */
  readonly inverse: Value;
}

/** (x − μ)/√(σ² + ε)·γ + β over axis … last; without its mean, x/√(mean(x²) + ε)·γ. */
function normalized(
  g: Builder,
  x: Value,
  gamma: Value,
  { beta, axis, epsilon, centre }: { beta: Value | null; axis: number; epsilon: number; centre: boolean },
): Normalized {
  const axes = [...x.shape.keys()].slice(axisOf(axis, x.shape.length));
  const mean = centre ? g.ReduceMean(x, { axes, keepdims: 1 }) : undefined;
  const centred = mean ? g.Sub(x, mean) : x;
  const variance = g.ReduceMean(g.Mul(centred, centred), { axes, keepdims: 1 });
  const deviation = g.Sqrt(g.Add(variance, num(g, epsilon, x)));
  const y = plus(g, g.Mul(g.Div(centred, deviation), gamma), beta);
  return { y, mean, inverse: g.Reciprocal(deviation) };
}

const attrs = { axis: int(-1), epsilon: float(1e-5), stash_type: int() };
const skipAttrs = { epsilon: float(1e-12) };

/** By the operator itself where the opset has it, and nobody asks for its statistics. */
const layerNormalization: Expansion["emit"] = (g, { in: [x, gamma, beta], number, opset, read }) => {
  const [axis, epsilon] = [number("axis"), number("epsilon")];
  if (opset >= OWN_LAYER_NORM && !read(1) && !read(2))
    return [g.LayerNormalization(x!, gamma!, beta, { axis, epsilon, stash_type: 1 })];
  const { y, mean, inverse } = normalized(g, x!, gamma!, { beta, axis, epsilon, centre: true });
  return [y, mean, inverse];
};

const skipLayerNormalization: Expansion["emit"] = (g, site) => {
  const [x, skip, gamma, beta, bias] = site.in;
  const sum = plus(g, g.Add(x!, skip!), bias);
  const inner = { ...site, in: [sum, gamma, beta], number: (a: string) => (a === "axis" ? -1 : site.number(a)) };
  const [y, mean, inverse] = layerNormalization(g, inner);
  return [y, mean, inverse, sum];
};

/** Tokens, segments, their tables of words, positions and segments, γ, β, mask, positions → embeddings, lengths, their sum. */
const embedLayerNormalization: Expansion["emit"] = (g, site) => {
  const [tokens, segments, words, places, kinds, gamma, beta, mask, given] = site.in;
  if (!segments !== !kinds) refuse(site, "segments or their table alone");
  const positions = given ?? positionsAlong(g, tokens!, 1);
  const placed = g.Add(g.Gather(words!, tokens!), g.Gather(places!, positions));
  const sum = plus(g, placed, segments && kinds && g.Gather(kinds, segments));
  const inner = { ...site, in: [sum, gamma, beta], number: (a: string) => (a === "axis" ? -1 : site.number(a)) };
  const [y] = layerNormalization(g, { ...inner, read: () => false });
  const lengths = mask ? g.ReduceSum(mask, { axes: [1], keepdims: 0 }) : undefined;
  return [y, lengths, sum];
};

export const normalizationExpansions: Readonly<Record<string, Expansion>> = {
  EmbedLayerNormalization: {
    inputs: [7, 9],
    absent: [1, 4],
    attrs: { ...skipAttrs, mask_index_type: int(0) },
    emit: embedLayerNormalization,
  },
  LayerNormalization: { inputs: [2, 3], attrs, emit: layerNormalization },
  SimplifiedLayerNormalization: {
    inputs: [2, 2],
    attrs,
    emit(g, { in: [x, gamma], number }) {
      const setting = { beta: null, axis: number("axis"), epsilon: number("epsilon"), centre: false };
      const { y, inverse } = normalized(g, x!, gamma!, setting);
      return [y, inverse];
    },
  },
  /** Inputs: x, skip, γ, β, bias. Outputs: y, mean, 1/σ, x + skip + bias. */
  SkipLayerNormalization: { inputs: [3, 5], attrs: skipAttrs, emit: skipLayerNormalization },
  /** Inputs: x, skip, γ, bias. Outputs: y, nothing, 1/σ, x + skip + bias. */
  SkipSimplifiedLayerNormalization: {
    inputs: [3, 4],
    attrs: skipAttrs,
    emit(g, { in: [x, skip, gamma, bias], number }) {
      const sum = plus(g, g.Add(x!, skip!), bias);
      const setting = { beta: null, axis: -1, epsilon: number("epsilon"), centre: false };
      const { y, inverse } = normalized(g, sum, gamma!, setting);
      return [y, undefined, inverse, sum];
    },
  },
};
