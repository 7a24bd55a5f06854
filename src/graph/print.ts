/** A graph as text: one line per node. For people and for golden tests. */
import { size, typeText } from "./tensor.ts";
import type { Attr, Graph, Tensor } from "./types.ts";

function attrText(a: Attr): string {
  if (typeof a === "object" && "opaque" in a) return "…";
  if (typeof a === "object" && "dtype" in a) {
    const t = a as Tensor;
    return `${typeText(t)}${size(t.shape) <= 8 ? `{${Array.from(t.data as ArrayLike<number | bigint>).join(", ")}}` : ""}`;
  }
  return Array.isArray(a) ? `[${a.join(",")}]` : String(a);
}

export function print(graph: Graph): string {
  const lines = graph.inputs.map((v) => `in   ${v.name}: ${typeText(v)}`);
  for (const v of graph.initializers.keys()) lines.push(`init ${v.name}: ${typeText(v)}`);
  for (const n of graph.nodes) {
    const outs = n.outputs.map((o) => (o ? `${o.name}: ${typeText(o)}` : "—")).join(", ");
    const ins = n.inputs.map((x) => x?.name ?? "—");
    const attrs = Object.entries(n.attrs).filter(([, a]) => a !== undefined);
    lines.push(`${outs} = ${n.op}(${[...ins, ...attrs.map(([k, a]) => `${k}=${attrText(a!)}`)].join(", ")})`);
  }
  for (const v of graph.outputs) lines.push(`out  ${v.name}: ${typeText(v)}`);
  return lines.join("\n");
}
