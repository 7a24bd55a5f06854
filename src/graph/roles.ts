/**
 * What each stored tensor of a model is: a parameter, which learns, or a constant. Files do not say it: exporters store scales,
 * masks, ε and tables of positions as they store weights. It is decided by use — the weight, bias, scale or table operand of an
 * operator that learns, reached through whatever computes on stored tensors alone — and by evidence where an operand may be
 * either (`joined-operands.ts`). What the exporter itself marked is believed.
 */
import { besideRole, joinedRole, unchanged } from "./joined-operands.ts";
import { entryOf } from "./ops/index.ts";
import { isFloat, numbers, sameShape, size } from "./tensor.ts";
import { turns } from "./turning-table.ts";
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
interface Meeting {
  readonly node: Node;
  /** The operand that is, or comes from, the stored tensor. */
  readonly at: number;
}

/** What computes on stored tensors alone, on a way to data. */
interface Through {
  /** What joins by broadcasting: a factor may stand there. */
  readonly joins: boolean;
  readonly periodic: boolean;
}

/** The role of every float32 tensor that a graph stores, but for running statistics. */
export function roles(graph: Graph, marks: Marks = new Map()): Map<Value, Role> {
  const running = runningStatistics(graph);
  const data = dataOf(graph);
  const met = meetings(graph, data);
  const around = { data, inputs: unchanged(graph, data), makes: producers(graph), reads: consumers(graph) };
  const found = new Map<Value, Role>();
  for (const [v, tensor] of graph.initializers) {
    if (v.dtype !== "float32" || running.has(v)) continue;
    const marked = marks.get(v.name);
    if (marked === undefined) found.set(v, roleOf(v, tensor, met.get(v) ?? NOWHERE, around));
    else found.set(v, { learns: marked, why: `marked as a ${marked ? "parameter" : "constant"} by its exporter` });
  }
  return found;
}

/** A stored tensor where it meets data. */
export interface Use {
  readonly v: Value;
  readonly tensor: Tensor;
  readonly met: Meeting;
  readonly through: Through;
}

/** What decides about an operand, beside the operand. */
export interface Surroundings {
  /** Values that carry data. */
  readonly data: ReadonlySet<Value>;
  /** Those of them that are a graph's input still. */
  readonly inputs: ReadonlySet<Value>;
  readonly makes: ReadonlyMap<Value, Node>;
  readonly reads: ReadonlyMap<Value, readonly Node[]>;
}

function roleOf(v: Value, tensor: Tensor, { met, through }: Ways, around: Surroundings): Role {
  if (met.length === 0) return { learns: false, why: "it meets no data" };
  if (size(tensor.shape) === 1 && through.joins) return { learns: false, why: "one number for all" };
  const each = met.map((m) => roleAt({ v, tensor, met: m, through }, around));
  return each.find((r) => r.learns) ?? each[0];
}

function roleAt(use: Use, around: Surroundings): Role {
  const { node, at } = use.met;
  const entry = entryOf(node.op, node.domain);
  if (entry?.learns?.includes(at) && turns(use.tensor)) return { learns: false, why: "a table of sines and cosines" };
  if (entry?.learns?.includes(at) && isOfGroups(use, around))
    return { learns: false, why: `normalizes groups of channels in ${site(node)}, and changes nothing` };
  if (entry?.learns?.includes(at)) return { learns: true, why: `operand ${at + 1} of ${site(node)}` };
  if (entry?.joins) return joinedRole(use, around);
  if (entry?.beside) return besideRole(use);
  return { learns: false, why: `operand ${at + 1} of ${site(node)}, which does not learn` };
}

/**
 * Whether an operand is what a new norm begins with, and the norm is of channels that were put together and are taken apart again:
 * so exporters write a group norm, whose own scales follow.
 */
function isOfGroups({ tensor, met: { node, at } }: Use, { makes, reads }: Surroundings): boolean {
  const start = entryOf(node.op, node.domain)?.starts?.[at];
  const [x, y] = [node.inputs[0], node.outputs[0]];
  const before = x && makes.get(x)?.inputs[0];
  const after = y && reads.get(y);
  if (start === undefined || !before || after?.length !== 1 || !numbers(tensor).every((n) => n === start)) return false;
  const back = after[0].outputs[0];
  const channels = (v: Value) => v.shape[1];
  return (
    size(before.shape) === size(x.shape) &&
    channels(before) > channels(x) &&
    !!back &&
    sameShape(back.shape, before.shape)
  );
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

/** Where a value goes that no data went into. */
interface Ways {
  readonly met: readonly Meeting[];
  readonly through: Through;
}
const NOWHERE: Ways = { met: [], through: { joins: false, periodic: false } };

/** So many of the places where one tensor meets data are looked at: a file could make more of them than it has bytes. */
const MOST_PLACES = 64;

/** Where every stored tensor meets data, in the order of the nodes. */
function meetings(graph: Graph, data: ReadonlySet<Value>): Map<Value, Ways> {
  const uses = new Map<Value, Meeting[]>();
  for (const node of graph.nodes)
    node.inputs.forEach((v, at) => {
      if (!v || data.has(v)) return;
      const known = uses.get(v);
      if (known) known.push({ node, at });
      else uses.set(v, [{ node, at }]);
    });
  const ways = new Map<Value, Ways>();
  const follow = (v: Value) => void ways.set(v, joined((uses.get(v) ?? []).flatMap((use) => after(use, data, ways))));
  for (const node of graph.nodes.toReversed()) for (const o of node.outputs) if (o && !data.has(o)) follow(o);
  for (const v of graph.initializers.keys()) follow(v);
  return ways;
}

/** From one use on: it meets data there, or goes on as what is computed. */
function after(use: Meeting, data: ReadonlySet<Value>, ways: ReadonlyMap<Value, Ways>): Ways[] {
  const made = use.node.outputs.filter((o) => o !== null);
  if (made.some((o) => data.has(o))) return [{ ...NOWHERE, met: [use] }];
  const { joins = false, periodic = false } = entryOf(use.node.op, use.node.domain) ?? {};
  return made.flatMap((o) => {
    const { met, through } = ways.get(o) ?? NOWHERE;
    return { met, through: { joins: through.joins || joins, periodic: through.periodic || periodic } };
  });
}

/** All of several ways; those of one are shared, so that a chain costs what its nodes do. */
function joined(all: readonly Ways[]): Ways {
  if (all.length === 1) return all[0];
  const met = new Set<Meeting>();
  for (const way of all) for (const m of way.met) if (met.size < MOST_PLACES) met.add(m);
  return {
    met: [...met],
    through: { joins: all.some((w) => w.through.joins), periodic: all.some((w) => w.through.periodic) },
  };
}

/** The operators in which each stored tensor meets data, by their names. */
export function operatorsOfStored(graph: Graph): Map<Value, ReadonlySet<string>> {
  const met = meetings(graph, dataOf(graph));
  return new Map(
    [...met]
      .filter(([v]) => graph.initializers.has(v))
      .map(([v, ways]) => [v, new Set(ways.met.map(({ node }) => node.op))]),
  );
}
