/**
 * Which buffers ONNX Runtime (1.30) puts the values of a run in. It decides so before the run: a value may take the buffer of an input
 * that nobody reads afterwards, or that of the value of the same shape that was done with last; such a buffer is kept all the while in
 * between, and it is given back when none takes it any more. So what dies in the forward pass can wait for the backward pass.
 */
import { families, opOf } from "../graph/ops/index.ts";
import { bytesPerElement, size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";

interface Buffer {
  readonly bytes: number;
  readonly like: string;
  readonly from: number;
  /** The last node that reads or writes it. */
  to: number;
  /** How often what is in it is still to be read. */
  reads: number;
}

/**
 * The most bytes of all buffers that are there at once.
 * @param nodes of the graph as they are run
 * @param shares whether the runtime knows of shapes that they are the same; else each value has a buffer of its own
 */
export function mostBytes(graph: Graph, nodes: readonly Node[], shares: boolean): number {
  const change = nodes.map(() => 0);
  const after = nodes.map(() => 0);
  for (const { bytes, from, to } of buffersOf(graph, nodes, shares)) {
    change[from] += bytes;
    after[to] += bytes;
  }
  let [now, most] = [0, 0];
  change.forEach((more, i) => {
    now += more;
    most = Math.max(most, now);
    now -= after[i];
  });
  return most;
}

function buffersOf(graph: Graph, nodes: readonly Node[], shares: boolean): Buffer[] {
  const reads = new Map<Value, number>();
  for (const { inputs } of nodes) for (const v of inputs) if (v) reads.set(v, (reads.get(v) ?? 0) + 1);
  const apart = new Set([...graph.inputs, ...graph.outputs, ...graph.initializers.keys()]);
  const all: Buffer[] = [];
  const held = new Map<Value, Buffer>();
  const free = new Map<string, Buffer[]>();

  const taken = (v: Value, node: Node, at: number): Buffer => {
    const like = `${bytesPerElement(v.dtype)} ${v.shape}`;
    const own = shares && inPlaceOf(node).find((x) => x.reads === 1 && x.like === like);
    const found = own || (shares && free.get(like)?.pop());
    if (found) return found;
    const made = { bytes: size(v.shape) * bytesPerElement(v.dtype), like, from: at, to: at, reads: 0 };
    all.push(made);
    return made;
  };
  const inPlaceOf = ({ op, inputs }: Node): Buffer[] =>
    Object.hasOwn(families.elementwise, op) ? inputs.flatMap((x) => (x && held.get(x)) ?? []) : [];

  nodes.forEach((node, at) => {
    const [first] = node.inputs;
    const isView = opOf(node.op, node.domain)?.reshapes === true;
    for (const y of node.outputs) {
      if (!y || apart.has(y)) continue;
      if (isView && first && apart.has(first)) {
        apart.add(y);
        continue;
      }
      const buffer = (isView && first && held.get(first)) || taken(y, node, at);
      held.set(y, buffer);
      buffer.reads += reads.get(y) ?? 0;
      buffer.to = Math.max(buffer.to, at);
    }
    const used = [...node.inputs.map((x) => x && held.get(x)), ...node.outputs.map((y) => y && held.get(y))];
    node.inputs.forEach((x, i) => {
      const buffer = used[i];
      if (x && buffer) [buffer.reads, buffer.to] = [buffer.reads - 1, at];
    });
    for (const buffer of new Set(used)) {
      if (!buffer || buffer.reads > 0) continue;
      const others = free.get(buffer.like) ?? [];
      free.set(buffer.like, others);
      others.push(buffer);
    }
  });
  return all;
}
