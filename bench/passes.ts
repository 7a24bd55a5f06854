/** How often an update passes over the parameters: what an optimizer costs where its operators wait for memory. */
import { size } from "../src/graph/tensor.ts";
import type { Node } from "../src/graph/types.ts";
import { lower } from "../src/lower/lower.ts";
import { targetOf } from "../src/lower/target.ts";
import { crossEntropy } from "../src/step/loss.ts";
import { parameters } from "../src/step/parameters.ts";
import { trainingPrograms } from "../src/step/programs.ts";
import { type Method, schedule } from "./method.ts";
import type { Network } from "./networks.ts";

/** Operators that only name what is there. */
const free: ReadonlySet<string> = new Set(["Constant", "Identity", "Reshape"]);

/** Elements of the largest tensor that a node reads or writes. */
const elements = ({ op, inputs, outputs }: Node): number =>
  free.has(op) ? 0 : Math.max(...[...inputs, ...outputs].map((v) => (v ? size(v.shape) : 0)));

/** Operators over all parameters that an update takes, small ones by their share; undefined where a part of it runs on the host. */
export function passesOf({ model, input }: Network, method: Method, threads: number): number | undefined {
  const { graph } = model;
  const penalty = method.penalty?.bind(graph);
  if (penalty?.hostProx) return undefined;
  const optimizer = method.optimizer.bind?.({ graph, penalty, seed: 1 }) ?? method.optimizer;
  const { clock } = optimizer;
  const { kind } = clock.tick(clock.start(), { epoch: 0, step: 0, stepsPerEpoch: 1e6, epochs: 1 }, schedule);
  const plan = { inputs: [input], terms: [{ loss: crossEntropy() }], optimizer, penalty };
  const { nodes } = lower(trainingPrograms(model, plan).update(kind).graph, targetOf({ device: "cpu", threads }));
  const weights = parameters(graph).trained.reduce((sum, p) => sum + size(p.shape), 0);
  return nodes.reduce((sum, node) => sum + elements(node), 0) / weights;
}
