/** ONNX files for tests of reading: fixtures, and small ones made of protobuf messages. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { EspalierError } from "../../src/error.ts";
import type { Model } from "../../src/graph/types.ts";
import { read } from "../../src/onnx/read.ts";
import type { WireMessage } from "../../src/onnx/schema.ts";
import { decode, encodeMessage } from "../../src/onnx/wire.ts";
import { write } from "../../src/onnx/write.ts";

const folder = fileURLToPath(new URL("../fixtures/onnx/", import.meta.url));
export const bytesOf = (name: string) => new Uint8Array(readFileSync(folder + name));
export const attrsOf = (model: Model, op: string) => model.graph.nodes.filter((n) => n.op === op).map((n) => n.attrs);

export type NodeText = readonly [
  op: string,
  inputs: string,
  outputs: string,
  attrs?: WireMessage<"NodeProto">["attribute"],
];
export const value = (name: string, ...dims: (number | string)[]): WireMessage<"ValueInfoProto"> => ({
  name,
  type: {
    tensor_type: {
      elem_type: 1,
      shape: { dim: dims.map((d) => (typeof d === "string" ? { dim_param: d } : { dim_value: BigInt(d) })) },
    },
  },
});
/** A file with input x [N, 4] and output y. */
export function modelFile(nodes: readonly NodeText[], graph: WireMessage<"GraphProto"> = {}, opset = 17): Uint8Array {
  const node = nodes.map(([op_type, input, output, attribute]) => ({
    op_type,
    input: input.split(" ").map((x) => (x === "-" ? "" : x)),
    output: output.split(" "),
    attribute,
  }));
  return encodeMessage("ModelProto", {
    ir_version: 8n,
    opset_import: [{ domain: "", version: BigInt(opset) }],
    graph: { node, input: [value("x", "N", 4)], output: [value("y", "N", 4)], ...graph },
  });
}
/** A model's file as another program would write it: without metadata. */
export const fileOfAnother = (model: Model): Uint8Array =>
  encodeMessage("ModelProto", { ...decode("ModelProto", write(model)), metadata_props: [] });
export function messageOf(bytes: Uint8Array, external?: (location: string) => Uint8Array): string {
  try {
    read(bytes, { external });
  } catch (e) {
    expect(e).toBeInstanceOf(EspalierError);
    return (e as EspalierError).message;
  }
  return "no error";
}
