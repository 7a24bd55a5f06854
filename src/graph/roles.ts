/**
 * What each stored tensor of a model is: a parameter, which learns, or a constant. Files do not say it: exporters store scales,
 * masks, ε and tables of positions as they store weights. It is decided by use — the weight, bias, scale or table operand of an
 * operator that learns, reached through whatever computes on stored tensors alone — and by evidence where an operand may be
 * either (`joined-operands.ts`). What the exporter itself marked is believed.
 */
import { joinedRole } from "./joined-operands.ts";
import { entryOf } from "./ops/index.ts";
import { isFloat, size } from "./tensor.ts";
import type { Graph, Node, Tensor, Value } from "./types.ts";
import { consumers, producers, runningStatistics } from "./walk.ts";

/** What a stored tensor is, and what shows it. */
export interface Role {
  readonly learns: boolean;
  /** Half a sentence: "the weight of Conv /layer1/conv1". */
  readonly why: string;
}

/** What an exporter said of stored tensors, by name: whether they learn. */
export type Marks = ReadonlyMap<string, boolean>;

/** Where a stored tensor meets data. */
export interface Meeting {
  readonly node: Node;
  /** The operand that is, or comes from, the stored tensor. */
  readonly at: number;
  /** What computes on stored tensors on the way. */
  readonly through: readonly Node[];
}

/** The role of every float32 tensor that a graph stores, but for running statistics. */
export function roles(graph: Graph, marks: Marks = new Map()): Map<Value, Role> {
  const running = runningStatistics(graph);
  const data = dataOf(graph);
  const met = meetings(graph, data);
  const around = { data, makes: producers(graph), reads: consumers(graph) };
  const found = new Map<Value, Role>();
  for (const [v, tensor] of graph.initializers) {
    if (v.dtype !== "float32" || running.has(v)) continue;
    const marked = marks.get(v.name);
    if (marked === undefined) found.set(v, roleOf(v, tensor, met.get(v) ?? [], around));
    else found.set(v, { learns: marked, why: `marked as a ${marked ? "parameter" : "constant"} by its exporter` });
  }
  return found;
}

/** What decides about an operand, beside the operand. */
export interface Surroundings {
  /** Values that carry data. */
  readonly data: ReadonlySet<Value>;
  readonly makes: ReadonlyMap<Value, Node>;
  readonly reads: ReadonlyMap<Value, readonly Node[]>;
}

function roleOf(v: Value, tensor: Tensor, met: readonly Meeting[], around: Surroundings): Role {
  if (met.length === 0) return { learns: false, why: "it meets no data" };
  const each = met.map((m) => roleAt(v, tensor, m, around));
  return each.find((r) => r.learns) ?? each[0];
}

function roleAt(v: Value, tensor: Tensor, met: Meeting, around: Surroundings): Role {
  const { node, at, through } = met;
  const factor = size(tensor.shape) === 1 && through.some((n) => entryOf(n.op, n.domain)?.joins);
  if (factor) return { learns: false, why: "one number for all" };
  const entry = entryOf(node.op, node.domain);
  if (entry?.learns?.includes(at)) return { learns: true, why: `operand ${at + 1} of ${site(node)}` };
  if (entry?.joins) return joinedRole(v, tensor, met, around);
  return { learns: false, why: `operand ${at + 1} of ${site(node)}, which does not learn` };
}

/** A node, for a reader. */
const site = ({ op, name }: Node): string => (name ? `${op} ${name}` : op);

/**
 * Values that carry data: the graph's inputs of a float type (and images as bytes), what a table gives for indices that are data,
 * and whatever is computed from them. Indices, masks and positions given as whole numbers carry none, cast or not.
 */
function dataOf(graph: Graph): Set<Value> {
  const fed = new Set<Value>(graph.inputs.filter((v) => !graph.initializers.has(v)));
  const data = new Set([...fed].filter((v) => isFloat(v.dtype) || v.dtype === "uint8"));
  for (const node of graph.nodes) {
    const carries = node.inputs.some((v) => v && data.has(v)) || looksUp(node, fed);
    const follows = carries || node.inputs.some((v) => v && fed.has(v));
    for (const o of node.outputs) {
      if (o && follows) fed.add(o);
      if (o && carries && (isFloat(o.dtype) || o.dtype === "uint8")) data.add(o);
    }
  }
  return data;
}

/** Whether a node looks rows of a table up by indices that are fed. */
const looksUp = ({ op, domain, inputs }: Node, fed: ReadonlySet<Value>): boolean =>
  inputs.some((v, i) => {
    const index = v && fed.has(v) && !isFloat(v.dtype);
    return index && entryOf(op, domain)?.learns?.some((at) => at !== i && inputs[at] && isFloat(inputs[at].dtype));
  });

/** Where every stored tensor meets data, in the order of the nodes. */
function meetings(graph: Graph, data: ReadonlySet<Value>): Map<Value, Meeting[]> {
  const found = new Map<Value, Meeting[]>();
  /** Of values computed from stored tensors alone: which, and through what. */
  const from = new Map<Value, ReadonlyMap<Value, readonly Node[]>>();
  for (const v of graph.initializers.keys()) from.set(v, new Map([[v, []]]));
  for (const node of graph.nodes) {
    const meets = node.outputs.some((o) => o && data.has(o));
    const passed = new Map<Value, readonly Node[]>();
    node.inputs.forEach((x, at) => {
      for (const [root, through] of (x && from.get(x)) ?? [])
        if (!meets) passed.set(root, [...through, node]);
        else if (found.has(root)) found.get(root)!.push({ node, at, through });
        else found.set(root, [{ node, at, through }]);
    });
    if (passed.size > 0) for (const o of node.outputs) if (o) from.set(o, passed);
  }
  return found;
}

/** The operators in which each stored tensor meets data, by their names. */
export function operatorsOfStored(graph: Graph): Map<Value, ReadonlySet<string>> {
  const met = meetings(graph, dataOf(graph));
  return new Map([...met].map(([v, all]) => [v, new Set(all.map(({ node }) => node.op))]));
}
