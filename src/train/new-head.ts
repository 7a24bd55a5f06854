/** Another classifier on a trained model: the layers before it stay, its weights are drawn anew for other classes. */
import { checkInteger } from "../checks.ts";
import { EspalierError } from "../error.ts";
import { aModel, aNumber, anObject, aText, maybe, wants } from "../given.ts";
import { inferNode } from "../graph/infer.ts";
import { size, tensor } from "../graph/tensor.ts";
import type { Graph, Model, Node, Tensor, Value } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { withReplacedHead } from "../onnx/given-weights.ts";
import { outputOf } from "../step/loss.ts";
import { findHead, type Head } from "./find-head.ts";
import { headWay } from "./head-ways.ts";

/** Options of `newHead`. */
export interface NewHeadOptions {
  /** How many the new classifier tells apart, ≥ 1. */
  readonly classes: number;
  /** Of its weights. Default 1. */
  readonly seed?: number;
  /** The output whose classifier it is. Default: the first. */
  readonly output?: string;
}

/** A model with another classifier. */
export interface WithNewHead {
  readonly model: Model;
  /** The tensors that were drawn anew, by name, and how many classes they were for. */
  readonly weight: string;
  readonly bias: string | undefined;
  readonly before: number;
}

/**
 * Replaces the classifier of a model: the last Gemm, MatMul (with the Add behind it) or convolution of one pixel that makes an output,
 * through softmax, pooling, reshapes and the like. Weight and bias are drawn as torch draws nn.Linear's, U(±1/√features), under the
 * names that they had; nothing else changes. Free sizes stay free.
 * ```ts
 * const { model } = newHead(read(bytes), { classes: data.classes });
 * ```
 * @throws EspalierError naming the node, where there is no classifier that can be replaced: its weight is tied or computed, or something
 *   that mixes classes stands behind it; UsageError for options out of range
 */
export function newHead(model: Model, options: NewHeadOptions): WithNewHead {
  wants(
    "newHead",
    ["model", aModel, model],
    ["options", anObject, options],
    ["classes", aNumber, options, "classes"],
    ["seed", maybe(aNumber), options, "seed"],
    ["output", maybe(aText), options, "output"],
  );
  const { classes, seed = 1 } = options;
  checkInteger("classes", classes, 1);
  checkInteger("seed", seed, Number.MIN_SAFE_INTEGER);
  const { graph } = model;
  const output = options.output === undefined ? graph.outputs[0] : outputOf(graph, options.output);
  const head = findHead(graph, output);
  const { weight, bias, axis } = head;
  const before = weight.shape[axis];
  const features = size(weight.shape) / before;
  const drawn = [weight, ...(bias ? [bias] : [])].map((v, i) =>
    draw(v, shapeFor(v, i === 0 ? axis : undefined, before, classes), features, new Random(seed, "init", i)),
  );
  const changed = withClasses(graph, new Map(drawn), head, classes);
  const now = changed.outputs[graph.outputs.indexOf(output)];
  if (now.shape.length === 0 || size(now.shape) * before !== size(output.shape) * classes)
    throw behind(output, `it is [${output.shape}] and would become [${now.shape}]`);
  const dims = new Map(model.dims);
  for (const { name, shape } of changed.outputs)
    dims.set(
      name,
      (dims.get(name) ?? shape).map((d, i) => (typeof d === "number" ? shape[i] : d)),
    );
  const replaced = withReplacedHead(
    { ...model, graph: changed, dims },
    { weight: weight.name, before, after: classes },
  );
  return { model: replaced, weight: weight.name, bias: bias?.name, before };
}

/** The shape for other classes: of a bias the one axis that has as many as there were. */
function shapeFor({ name, shape }: Value, axis: number | undefined, from: number, to: number): number[] {
  const at = axis ?? shape.indexOf(from);
  if (axis === undefined && size(shape) !== from)
    throw new EspalierError("unsupported", "the model has no classifier that can be replaced", {
      tensor: name,
      got: `[${shape}]`,
      wanted: `a bias of ${from} numbers`,
    });
  return shape.map((d, i) => (i === at ? to : d));
}

/** As torch draws nn.Linear's. */
function draw(v: Value, shape: readonly number[], features: number, random: Random): [Value, [Value, Tensor]] {
  const bound = 1 / Math.sqrt(features);
  const data = Float32Array.from({ length: size(shape) }, () => (random.uniform() * 2 - 1) * bound);
  return [v, [{ ...v, shape }, tensor("float32", shape, data)]];
}

/** The graph with other tensors in the place of some, and what follows from their shapes. */
function withClasses(
  graph: Graph,
  drawn: ReadonlyMap<Value, readonly [Value, Tensor]>,
  { node: head, weight, axis }: Head,
  classes: number,
): Graph {
  const map = new Map<Value, Value>([...drawn].map(([v, [now]]) => [v, now]));
  const before = weight.shape[axis];
  const nodes = graph.nodes.map((node): Node => {
    if (!node.inputs.some((v) => v && map.has(v))) return node;
    const inputs = node.inputs.map((v) => (v ? (map.get(v) ?? v) : null));
    const given = node === head ? node.attrs : (headWay(node)?.attrs?.(node.attrs, before, classes) ?? node.attrs);
    const { attrs, outputs } = inferred(node, inputs, given);
    const next = node.outputs.map((o, i): Value | null => {
      if (!o) return null;
      const now = { ...o, dtype: outputs[i].dtype, shape: outputs[i].shape };
      map.set(o, now);
      return now;
    });
    return { ...node, inputs, outputs: next, attrs };
  });
  return {
    ...graph,
    nodes,
    initializers: new Map([...graph.initializers].map(([v, t]) => drawn.get(v) ?? [v, t])),
    outputs: graph.outputs.map((v) => map.get(v) ?? v),
  };
}

function inferred(node: Node, inputs: readonly (Value | null)[], attrs: Node["attrs"]) {
  try {
    return inferNode(node.op, node.domain, node.name, inputs, attrs);
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error;
    throw behind(node.outputs.find((o) => o)!, error.what);
  }
}

const behind = ({ name }: Value, reason: string | { toString(): string }) =>
  new EspalierError(
    "unsupported",
    "what stands behind the model's classifier is of its number of classes",
    { value: name, reason: String(reason) },
    "export the model up to its logits",
  );
