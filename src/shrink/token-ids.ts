/**
 * Where the ids of tokens go in a graph: into tables, of which they look rows up, through what only moves them, and into comparisons
 * with constants ("is it padding?"). What computes with them otherwise cannot be told other ids.
 */
import { EspalierError } from "../error.ts";
import { newNames } from "../graph/new-names.ts";
import { axisOf } from "../graph/op.ts";
import { entryOf } from "../graph/ops/index.ts";
import { scalarOps } from "../graph/scalars.ts";
import { arrayOf, numbers, size, tensor } from "../graph/tensor.ts";
import type { Data, Graph, Node, Tensor, Value } from "../graph/types.ts";
import { storedValues } from "../groups/stored.ts";

/** A node that looks rows of a stored table up by ids. */
export interface Lookup {
  readonly node: Node;
  readonly table: Value;
  /** The table's axis that counts tokens. */
  readonly axis: number;
}

/** The values that hold ids of an input, and the tables that these look up. */
export interface IdsOf {
  readonly input: Value;
  readonly ids: ReadonlySet<Value>;
  readonly lookups: readonly Lookup[];
}

/** Ids that a keep list makes others: old → new, −1 where the token goes. */
export type Renumbered = Int32Array;

/** Stands where an id is compared with that of a token that is gone: no token has it. */
const NOBODY = -1;

/** The position of the input of which rows are looked up; undefined for other operators. */
const tableAt = ({ op, domain }: Node): number | undefined => entryOf(op, domain)?.table;

/** Every lookup of a stored table. */
export function lookupsIn(graph: Graph): Lookup[] {
  const stored = storedValues(graph);
  return graph.nodes.flatMap((node): Lookup[] => {
    const at = tableAt(node);
    const from = at === undefined ? undefined : stored.get(node.inputs[at]!);
    if (!from || !graph.initializers.has(from.root)) return [];
    return [{ node, table: from.root, axis: from.perm[axisOf(Number(node.attrs["axis"]), from.perm.length)] }];
  });
}

/** Follows the ids that an input holds. */
export function idsFrom(graph: Graph, input: Value, lookups: readonly Lookup[]): IdsOf {
  const ids = new Set<Value>([input]);
  const looked = new Map(lookups.map((l) => [l.node, l]));
  const found: Lookup[] = [];
  for (const node of graph.nodes) {
    if (!node.inputs.some((v) => v && ids.has(v))) continue;
    const lookup = looked.get(node);
    if (lookup) found.push(lookup);
    else if (moves(node, ids)) for (const o of node.outputs) if (o) ids.add(o);
  }
  return { input, ids, lookups: found };
}

/** Whether a node's outputs hold the ids that it is given, elsewhere or in another type. */
function moves(node: Node, ids: ReadonlySet<Value>): boolean {
  const at = tableAt(node);
  if (at !== undefined) return node.inputs.every((v, i) => (v !== null && ids.has(v)) === (i === at));
  const entry = entryOf(node.op, node.domain);
  return entry?.rearranges === true || isIdentity(node);
}

const isIdentity = ({ op, domain, inputs, attrs, outputs }: Node): boolean => {
  const f = domain === "" && inputs.length === 1 && Object.hasOwn(scalarOps, op) ? scalarOps[op] : undefined;
  return f !== undefined && outputs[0]?.dtype !== "bool" && [0, 1, 2, 5, 99_991].every((id) => f([id], attrs) === id);
};

/**
 * The graph in which constants that are put beside ids, or compared with them, are those of the new ids.
 * @param tables those that lose rows
 * @throws EspalierError naming the node that computes with ids in a way that other ids would change
 */
export function withNewIds(graph: Graph, all: readonly IdsOf[], tables: ReadonlySet<Value>, to: Renumbered): Graph {
  const ids = new Set(all.flatMap((x) => [...x.ids]));
  const lookups = new Set(all.flatMap((x) => x.lookups.filter((l) => tables.has(l.table)).map((l) => l.node)));
  const stored = storedValues(graph);
  const name = newNames(graph);
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.map((node): Node => {
    if (lookups.has(node) || !node.inputs.some((v) => v && ids.has(v))) return node;
    const constants = node.inputs.map((v) => (v && !ids.has(v) ? stored.get(v)?.tensor : undefined));
    const known = node.inputs.every((v, i) => !v || ids.has(v) || constants[i]);
    const changed = known ? newConstants(node, constants, ids, to) : undefined;
    if (!changed)
      throw new EspalierError(
        "unsupported",
        `${node.op} computes with the ids of tokens, which become others`,
        { node: node.name, ids: all.map((x) => x.input.name).join(", ") },
        "give what it computes as an input of its own when the model is exported",
      );
    if (changed.every((t, i) => t === constants[i])) return node;
    const inputs = node.inputs.map((v, i) => {
      const t = changed[i];
      if (!t || t === constants[i]) return v;
      const made: Value = { name: name(`${v!.name}/kept`), dtype: t.dtype, shape: t.shape };
      initializers.set(made, t);
      return made;
    });
    return { ...node, inputs };
  });
  return { ...graph, nodes, initializers };
}

type Constants = readonly (Tensor | undefined)[];

/** A node's constants for the new ids; undefined where none make it say the same. */
function newConstants(
  node: Node,
  constants: Constants,
  ids: ReadonlySet<Value>,
  to: Renumbered,
): Constants | undefined {
  const renumbered = constants.map((t) => t && withIds(t, (id) => (id >= 0 && id < to.length ? to[id] : NOBODY)));
  if (moves(node, ids)) {
    const gone = renumbered.some((t) => t && numbers(t).includes(NOBODY));
    return gone ? undefined : renumbered;
  }
  const f = node.domain === "" && Object.hasOwn(scalarOps, node.op) ? scalarOps[node.op] : undefined;
  if (!f || constants.some((t) => t && size(t.shape) !== 1)) return undefined;
  const value = (id: number, some: Constants) =>
    f(
      node.inputs.map((_, i) => (some[i] ? numbers(some[i])[0] : id)),
      node.attrs,
    );
  const same = (some: Constants) => to.every((now, id) => now < 0 || value(id, constants) === value(now, some));
  return [renumbered, constants].find(same);
}

function withIds(t: Tensor, to: (id: number) => number): Tensor {
  const data = new (arrayOf(t.dtype) as new (n: number) => Data)(t.data.length);
  const wide = t.dtype === "int64" || t.dtype === "uint64";
  numbers(t).forEach((id, i) => {
    data[i] = (wide ? BigInt(to(id)) : to(id)) as never;
  });
  return tensor(t.dtype, t.shape, data);
}
