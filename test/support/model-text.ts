/** All that a model says, as text: two models are equal when their texts are. */
import type { Attr, Model, Node, Tensor, Value } from "../../src/graph/types.ts";

const valueText = ({ name, dtype, shape }: Value): string => `${JSON.stringify(name)} ${dtype}[${shape}]`;
const bytesText = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("hex");
const tensorText = ({ dtype, shape, data }: Tensor): string => `${dtype}[${shape}] ${bytesText(data)}`;

/** Writing makes −0 in stored floats 0: one bit pattern means zero. */
function storedText(t: Tensor): string {
  if (t.data instanceof Float32Array || t.data instanceof Float64Array)
    return tensorText({ ...t, data: t.data.map((x) => (x === 0 ? 0 : x)) });
  if (t.dtype === "float16" || t.dtype === "bfloat16")
    return tensorText({ ...t, data: (t.data as Uint16Array).map((b) => (b === 0x8000 ? 0 : b)) });
  return tensorText(t);
}

function attrText(a: Attr): string {
  if (typeof a === "number") return Object.is(a, -0) ? "-0" : String(a);
  if (typeof a === "string") return JSON.stringify(a);
  if ("opaque" in a) return `opaque ${bytesText(a.opaque)}`;
  if ("dtype" in a) return tensorText(a);
  return `[${a.map(attrText)}]`;
}

function nodeText({ op, domain, name, inputs, outputs, attrs }: Node): string {
  const names = (list: Node["inputs"]) => list.map((v) => (v ? valueText(v) : "—")).join(", ");
  const given = Object.entries(attrs).filter(([, a]) => a !== undefined);
  const settings = given.map(([k, a]) => `${JSON.stringify(k)}=${attrText(a!)}`).sort();
  return `node ${domain}:${op} ${JSON.stringify(name)} ${names(inputs)} → ${names(outputs)} ${settings.join(" ")}`;
}

/** The model in lines: inputs, stored tensors, nodes in order, outputs, what the file says beside them. −0 counts as 0 in stored floats. */
export function modelText({ graph, opset, dims, metadata }: Model): string {
  return [
    `graph ${JSON.stringify(graph.name)} opset ${opset}`,
    ...graph.inputs.map((v) => `in   ${valueText(v)}`),
    ...[...graph.initializers].map(([v, t]) => `init ${valueText(v)} ${storedText(t)}`),
    ...graph.nodes.map(nodeText),
    ...graph.outputs.map((v) => `out  ${valueText(v)}`),
    ...[...dims].map(([name, d]) => `dims ${JSON.stringify(name)} ${JSON.stringify(d)}`),
    ...[...metadata].map(([k, v]) => `meta ${JSON.stringify(k)} ${JSON.stringify(v)}`),
  ].join("\n");
}

/** The first lines in which two texts differ, or undefined. */
export function firstDifference(a: string, b: string): string | undefined {
  if (a === b) return undefined;
  const [x, y] = [a.split("\n"), b.split("\n")];
  const at = x.findIndex((line, i) => line !== y[i]);
  const short = (line: string | undefined) => (line ?? "(nothing)").slice(0, 300);
  return `${short(x[at < 0 ? x.length : at])}\n${short(y[at < 0 ? x.length : at])}`;
}
