/** The engine that experiments record with. */
import type { Engine } from "espalier";
import { type NodeOptions, node } from "espalier/node";

/** ONNX Runtime that keeps no trials, so that no run tunes itself: what is recorded does not hang on what a cache has by then. */
export const untunedNode = (options: NodeOptions = {}): Engine => Object.assign(node(options), { trials: undefined });
