/** The one way from a program to what `Engine.load` takes. */
import type { Graph } from "../graph/types.ts";
import { lower } from "../lower/lower.ts";
import type { Target } from "../lower/target.ts";
import { encode } from "../onnx/write.ts";

/** A graph's bytes, in the formulations that suit a target. */
export const compile = (graph: Graph, target: Target): Uint8Array => encode(lower(graph, target));
