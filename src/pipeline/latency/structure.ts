/** What the time of a graph follows from: its operators, attributes, types and wiring, and none of its numbers and names. */
import { typeText } from "../../graph/tensor.ts";
import type { Attr, Graph, Value } from "../../graph/types.ts";

/** Equal texts for graphs that a runtime computes in the same time. */
function structureOf({ inputs, initializers, nodes, outputs }: Graph): string {
  const given = new Set(inputs);
  const places = new Map<Value, string>();
  const placeOf = (v: Value | null): string => {
    if (!v) return "-";
    const known = places.get(v);
    if (known !== undefined) return known;
    const kind = given.has(v) ? "in" : initializers.has(v) ? "w" : "";
    places.set(v, `${kind}${places.size}`);
    return `${kind}${places.size - 1}:${typeText(v)}`;
  };
  const lines = nodes.map(({ op, domain, attrs, inputs: x, outputs: y }) =>
    [domain ? `${domain}.${op}` : op, attributesText(attrs), "(", ...x.map(placeOf), ")", ...y.map(placeOf)].join(" "),
  );
  return [...lines, `out ${outputs.map(placeOf).join(" ")}`].join("\n");
}

/** The attributes of a node that its time follows from. */
export const attributesText = (attrs: Readonly<Record<string, Attr | undefined>>): string =>
  Object.entries(attrs)
    .flatMap(([k, a]) => (a === undefined ? [] : [`${k}=${attrText(a)}`]))
    .sort()
    .join(" ");

function attrText(a: Attr): string {
  if (typeof a !== "object") return `${a}`;
  if ("data" in a) return typeText(a);
  return "opaque" in a ? `${a.opaque.length} bytes` : a.join();
}

/** SHA-256 of a graph's structure, in hexadecimal. */
export async function structureKey(graph: Graph): Promise<string> {
  const bytes = new TextEncoder().encode(structureOf(graph));
  const hash = await globalThis.crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(hash), (b) => b.toString(16).padStart(2, "0")).join("");
}
