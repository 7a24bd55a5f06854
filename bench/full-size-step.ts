/** The training step of a model of any inputs, with all passes of the one that `train` runs: RMDA with the group lasso on coupled groups. */
import type { Graph } from "../src/graph/types.ts";
import { rmda } from "../src/optim/rmda.ts";
import { groupLasso } from "../src/prox/group-lasso.ts";
import { differentiate, emitReport } from "../src/step/differentiate.ts";
import { forward } from "../src/step/forward.ts";
import { clockInputs, type Program, paramInputs, program } from "../src/step/frame.ts";
import { crossEntropy } from "../src/step/loss.ts";
import { parameters } from "../src/step/parameters.ts";
import { update } from "../src/step/update.ts";

/**
 * @param graph the model at the batch's size
 * @param own the model as it is, of which the groups are
 */
export const fullStep = (graph: Graph, own: Graph): Program =>
  program("step", (g, masks) => {
    const optimizer = rmda();
    const loss = crossEntropy();
    const sample = graph.inputs[0].shape.slice(1);
    const penalty = groupLasso({ lambda: 1e-4 }).bind(own);
    const plan = { optimizer, penalty, inputs: [{ dtype: "float32" as const, sample }], terms: [{ loss }] };
    const { trained, running } = parameters(graph);
    const given = paramInputs(g, [...trained, ...running]);
    const w = new Map(trained.map((p) => [p, given.get(p)!]));
    const frame = { g, plan, w, clock: clockInputs(g, optimizer.clock.numbers) };
    const inputs = graph.inputs.map((v) => [v, g.input(v.name, v.dtype, v.shape)] as const);
    const fwd = g.scope("forward", () => forward(g, graph, new Map([...given, ...inputs]), true));
    const [logits] = graph.outputs;
    const labels = g.input("labels", "int32", [logits.shape[0]]);
    const scored = { ...loss.apply(g, fwd.map.get(logits)!, labels), ...fwd };
    update(frame, differentiate(frame, scored));
    emitReport(g, scored);
    masks.push(...scored.masks);
  });
