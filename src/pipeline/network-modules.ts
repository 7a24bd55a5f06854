/** The module that each node of a network is of: what the file says, what weights are called, or what stands before. */
import type { Model, Node, Value } from "../graph/types.ts";
import { modulesOf, splitName } from "../onnx/node-origin.ts";

type Path = readonly string[];

/**
 * Paths from the outside in, [] for what stands in no module.
 * @param nodes in topological order, with the stored tensors that they read
 */
export function moduleFor(model: Model, nodes: ReadonlyMap<Node, readonly Value[]>): Map<Node, Path> {
  const said = modulesOf(model);
  const paths = new Map<Node, Path>();
  const makes = new Map<Value | null, Node>();
  const reads = new Map<Value | null, Node>();
  for (const [node, stored] of nodes) {
    const own = said(node) ?? slashed(node.name) ?? stored.map(ofTensor).find((m) => m !== undefined);
    if (own !== undefined) paths.set(node, own.split(".").filter(Boolean));
    for (const o of node.outputs) makes.set(o, node);
    for (const v of node.inputs) if (!reads.has(v)) reads.set(v, node);
  }
  const guessed = new Set<Node>();
  /** The first module that a value goes to. */
  const behind = (node: Node): Path | undefined => {
    let at: Node | undefined = node;
    for (let step = 0; at && step < FAR; step++) {
      at = reads.get(at.outputs.find((o) => o && reads.has(o)) ?? null);
      const path = at && !guessed.has(at) && paths.get(at);
      if (path) return path;
    }
    return undefined;
  };
  for (const node of nodes.keys()) {
    if (paths.has(node)) continue;
    const before = node.inputs.flatMap((v) => makes.get(v) ?? []);
    const from = before.toSorted((a, b) => paths.get(b)!.length - paths.get(a)!.length)[0];
    guessed.add(node);
    if (!from) paths.set(node, []);
    else {
      const path = paths.get(from)!;
      const next = behind(node);
      const stays = guessed.has(from) || path.every((name, i) => next?.[i] === name);
      paths.set(node, stays ? path : path.slice(0, -1)); // behind a module it stands beside that module
    }
  }
  return paths;
}
const FAR = 4;

/** "dense/MatMul" is of "dense". */
function slashed(name: string): string | undefined {
  const parts = name.split("/").slice(0, -1);
  return parts.length > 0 ? parts.join(".") : undefined;
}

/** "layer1.0.conv1.weight" is of "layer1.0.conv1"; "onnx::Conv_12" says nothing. */
function ofTensor({ name }: Value): string | undefined {
  const { module } = splitName(name);
  return module && !/[^\w.]/.test(module) ? module : undefined;
}
