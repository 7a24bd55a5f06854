/** Types of a node's outputs by the operator table, and re-inference of a whole graph for other input shapes. */

import { EspalierError } from "../error.ts";
import { type Op, reject, type Type } from "./op.ts";
import { entryOf, opOf, withDefaults } from "./ops/index.ts";
import { boundAttrs } from "./sizes.ts";
import { inputsText } from "./tensor.ts";
import type { Attrs, Graph, Node, Shape, Value } from "./types.ts";

/** Checks attributes that only have certain values. */
function checkValues(entry: Op, attrs: Attrs): void {
  for (const [key, { values }] of Object.entries(entry.attrs)) {
    const given = attrs[key];
    if (given === undefined || !values || values.includes(given)) continue;
    reject(`${key} has no such value`, JSON.stringify(given), values.join(", "));
  }
}

/** Completed attributes and output types of a node of the table. Throws an EspalierError naming the node. */
export function inferNode(
  op: string,
  domain: string,
  name: string,
  inputs: readonly (Type | null)[],
  attrs: Attrs,
): { attrs: Attrs; outputs: readonly Type[] } {
  const entry = entryOf(op, domain);
  const where = () => ({ node: name, inputs: inputsText(inputs) });
  if (!entry) throw new EspalierError("unsupported", `unknown operator ${domain ? `${domain}.` : ""}${op}`, where());
  const present = inputs.filter((x) => x).length;
  if (present < entry.required)
    throw new EspalierError("missing", `${op} lacks an input`, { ...where(), got: present, wanted: entry.required });
  try {
    const types = inputs.map((x) => x ?? undefined) as Type[];
    checkValues(entry, attrs);
    let full = withDefaults(entry, attrs) as never;
    if (entry.complete) full = entry.complete(types, full) as never;
    const out = entry.infer(types, full);
    return { attrs: full as Attrs, outputs: Array.isArray(out) ? out : [out as Type] };
  } catch (e) {
    if (e instanceof EspalierError)
      throw new EspalierError(e.code, `${op}: ${e.what}`, { ...where(), ...e.details }, e.fix);
    throw e;
  }
}

/**
 * The same graph with other input shapes; all values are new, names and nodes stay.
 * @param shapes new shape of each graph input that changes
 * @returns the graph and the map from old values to new ones
 */
export function reshapeInputs(
  graph: Graph,
  shapes: ReadonlyMap<Value, Shape>,
): { graph: Graph; map: Map<Value, Value> } {
  const map = new Map<Value, Value>();
  const inputs = graph.inputs.map((v) => {
    const w = { ...v, shape: shapes.get(v) ?? v.shape };
    map.set(v, w);
    return w;
  });
  const initializers = new Map<Value, NonNullable<ReturnType<typeof graph.initializers.get>>>();
  for (const [v, t] of graph.initializers) {
    map.set(v, v);
    initializers.set(v, t);
  }
  const named = new Map([...map.values()].map((v) => [v.name, v]));
  const nodes = graph.nodes.map((node): Node => {
    const ins = node.inputs.map((x) => (x ? map.get(x)! : null));
    const known = opOf(node.op, node.domain);
    const given = boundAttrs(node.attrs, node.follows, (name) => named.get(name)?.shape);
    const { attrs, outputs } = known
      ? inferNode(node.op, node.domain, node.name, ins, given)
      : { attrs: given, outputs: node.outputs.map((o) => o!) };
    const outs = node.outputs.map((o, i) => {
      if (!o) return null;
      const v = { name: o.name, dtype: outputs[i].dtype, shape: outputs[i].shape };
      map.set(o, v);
      named.set(v.name, v);
      return v;
    });
    return { ...node, attrs, inputs: ins, outputs: outs };
  });
  const outputs = graph.outputs.map((o) => map.get(o)!);
  return { graph: { name: graph.name, inputs, outputs, nodes, initializers }, map };
}
