/** The engine of Node.js, which remembers what was timed on it. */
import type { Engine } from "../engine/engine.ts";
import { type NodeOptions, node } from "../engine/node.ts";
import { tuningCache } from "./tuning-cache.ts";

/**
 * ONNX Runtime in Node.js. What is timed on it is kept in the user's cache folder (`tuningCache`).
 * @throws UsageError when `threads` or `device` is not valid
 */
export function nodeEngine(options: NodeOptions = {}): Engine {
  return Object.assign(node(options), { trials: tuningCache() });
}
