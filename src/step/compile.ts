/** The one way from a program to what `Engine.load` takes. */
import type { Graph } from "../graph/types.ts";
import { type FormulationPlan, lower } from "../lower/lower.ts";
import type { Target } from "../lower/target.ts";
import { encode } from "../onnx/write.ts";

/** A graph's bytes, in the formulations of a plan and, for what it does not mention, in those that suit a target. */
export const compile = (graph: Graph, target: Target, plan?: FormulationPlan): Uint8Array =>
  encode(lower(graph, target, plan));
