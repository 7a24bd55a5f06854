/** New initial weights for a model of any origin: torch's defaults for Linear and Conv. */
import { aModel, aNumber, anObject, wants } from "../given.ts";
import { opOf } from "../graph/ops/index.ts";
import { inputsFirst } from "../graph/products.ts";
import { size } from "../graph/tensor.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { withDrawnWeights } from "../onnx/given-weights.ts";
import { parameters, withTensors } from "../step/parameters.ts";
import { frozen, type Selection } from "./freeze.ts";

/**
 * Every trained tensor of two or more dimensions, and every vector read by the same node, is drawn from
 * U(±1/√fan_in); scales of normalizations become 1, their biases 0, running statistics 0 and 1.
 * @param selection what stays, as in `TrainOptions`
 */
export function initialize(model: Model, seed: number, selection: Selection = {}): Model {
  wants("initialize", ["model", aModel, model], ["seed", aNumber, seed], ["selection", anObject, selection]);
  const { graph } = model;
  const fanIn = new Map<string, number>();
  const fixed = new Map<string, number>();
  for (const node of graph.nodes) {
    const stored = node.inputs.filter((v) => v && graph.initializers.has(v));
    opOf(node.op, node.domain)?.starts?.forEach((start, i) => {
      const v = node.inputs[i];
      if (v && start !== undefined) fixed.set(v.name, start);
    });
    const weight = stored.find((v) => v!.shape.length >= 2);
    if (!weight) continue;
    const outputs = inputsFirst(node) ? weight.shape[weight.shape.length - 1] : weight.shape[0];
    for (const v of stored) fanIn.set(v!.name, size(weight.shape) / outputs);
  }
  const stays = frozen(model, selection);
  const tensors = new Map<string, Tensor>();
  const { trained, running } = parameters(graph);
  [...trained, ...running].forEach((v, i) => {
    if (stays.has(v.name)) return;
    const bound = 1 / Math.sqrt(fanIn.get(v.name) ?? size(v.shape));
    const random = new Random(seed, "init", i);
    const constant = fixed.get(v.name);
    const data = Float32Array.from({ length: size(v.shape) }, () => constant ?? (random.uniform() * 2 - 1) * bound);
    tensors.set(v.name, { dtype: "float32", shape: v.shape, data });
  });
  return withDrawnWeights({ ...model, graph: withTensors(graph, tensors) });
}
