/** The training step of a model of any inputs, as `train` runs it: RMDA with the group lasso on coupled groups. */
import { isFloat } from "../src/graph/tensor.ts";
import type { Graph } from "../src/graph/types.ts";
import { rmda } from "../src/optim/rmda.ts";
import { groupLasso } from "../src/prox/group-lasso.ts";
import type { Program } from "../src/step/frame.ts";
import { crossEntropy } from "../src/step/loss.ts";
import { stepProgram } from "../src/step/programs.ts";

/**
 * @param graph the model at the batch's size
 * @param own the model as it is, of which the groups are
 */
export const fullStep = (graph: Graph, own: Graph): Program =>
  stepProgram(graph, {
    optimizer: rmda(),
    penalty: groupLasso({ lambda: 1e-4 }).bind(own),
    terms: [{ loss: crossEntropy() }],
    inputs: graph.inputs.map(({ name, dtype, shape }, i) => ({
      input: name,
      ...(i > 0 && { more: name }),
      dtype: isFloat(dtype) ? "float32" : "int32",
      sample: shape.slice(1),
    })),
  });
