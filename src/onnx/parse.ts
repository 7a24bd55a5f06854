/** Bytes → the parts of a file: tensors, declarations and nodes in order, everything by name. No shapes yet. */
import { EspalierError } from "../error.ts";
import { opOf } from "../graph/ops/index.ts";
import type { Attr, Dim, DType, Tensor } from "../graph/types.ts";
import { decodeAttribute } from "./attributes.ts";
import type { Step } from "./canonical.ts";
import { captureNames } from "./captures.ts";
import { type Declared, declarations, declaredOf } from "./declared.ts";
import type { External } from "./external.ts";
import { inOrder } from "./order.ts";
import type { WireMessage } from "./schema.ts";
import { decodeTensor } from "./tensors.ts";
import { decode } from "./wire.ts";

/** A node as the file spells it. */
export interface FileStep extends Step {
  readonly proto: WireMessage<"NodeProto">;
  /** How many of the last inputs are values that subgraphs read. */
  readonly captured: number;
}

export interface Parsed {
  readonly file: WireMessage<"ModelProto">;
  readonly graph: WireMessage<"GraphProto">;
  readonly opset: number;
  /** Inputs that are not initializers, in order. */
  readonly inputs: ReadonlyMap<string, { readonly dtype: DType; readonly dims: readonly Dim[] }>;
  readonly outputs: readonly string[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** What the file says of outputs and intermediate values. */
  readonly declared: ReadonlyMap<string, Declared>;
  /** In topological order. */
  readonly steps: readonly FileStep[];
  /** Names that a node reads or that are outputs. */
  readonly read: ReadonlySet<string>;
}

/** What ONNX Runtime 1.30 loads, from 9 on. */
const OPSETS = { oldest: 9, newest: 26 };
const NEWEST_IR = 13;
const STANDARD = new Set(["", "ai.onnx"]);

function opsetOf(file: WireMessage<"ModelProto">): number {
  const imports = file.opset_import ?? [];
  const opset = Number(imports.find((o) => STANDARD.has(o.domain ?? ""))?.version ?? 0n);
  const wanted = `opset ${OPSETS.oldest} to ${OPSETS.newest}`;
  if (!(opset >= OPSETS.oldest && opset <= OPSETS.newest))
    throw new EspalierError(
      "unsupported",
      "the model's opset is not supported",
      { field: "opset_import", got: opset ? `opset ${opset}` : "no opset of the standard operators", wanted },
      `export the model with ${wanted}`,
    );
  if ((file.ir_version ?? 0n) > BigInt(NEWEST_IR))
    throw new EspalierError(
      "unsupported",
      "the model's format is newer than ONNX Runtime reads",
      { field: "ir_version", got: Number(file.ir_version), wanted: `at most ${NEWEST_IR}` },
      "save the model with an older IR version",
    );
  return opset;
}

function tensorsOf(graph: WireMessage<"GraphProto">, external: External | undefined): Map<string, Tensor> {
  if (graph.sparse_initializer?.length)
    throw new EspalierError(
      "unsupported",
      "sparse initializers are not supported",
      { field: "graph.sparse_initializer" },
      "store the tensors densely",
    );
  const map = new Map<string, Tensor>();
  for (const [i, proto] of (graph.initializer ?? []).entries()) {
    const path = `graph.initializer[${i}]`;
    const name = proto.name ?? "";
    if (!name || map.has(name))
      throw new EspalierError("invalid-file", name ? "an initializer is stored twice" : "an initializer has no name", {
        field: `${path}.name`,
        name,
      });
    map.set(name, decodeTensor(proto, path, external));
  }
  return map;
}

function inputsOf(graph: WireMessage<"GraphProto">, stored: ReadonlyMap<string, Tensor>): Parsed["inputs"] {
  const map = new Map<string, { dtype: DType; dims: readonly Dim[] }>();
  for (const [i, v] of (graph.input ?? []).entries()) {
    const name = v.name ?? "";
    if (stored.has(name)) continue;
    const path = `graph.input[${i}]`;
    const { dtype, dims } = declaredOf(v, path);
    if (!name || map.has(name))
      throw new EspalierError("invalid-file", "an input has no name of its own", { field: `${path}.name`, name });
    if (!dims)
      throw new EspalierError(
        "invalid-file",
        "an input has no shape",
        { field: `${path}.type.tensor_type.shape`, name },
        "export the model with input shapes; the batch axis may stay dynamic",
      );
    map.set(name, { dtype, dims });
  }
  return map;
}

function outputsOf(graph: WireMessage<"GraphProto">): string[] {
  const names = (graph.output ?? []).map((v) => v.name ?? "");
  const seen = new Set<string>();
  const bad = names.findIndex((n) => !n || seen.size === seen.add(n).size);
  if (bad >= 0 || names.length === 0)
    throw new EspalierError(
      "invalid-file",
      names.length ? "an output has no name of its own" : "the graph has no outputs",
      {
        field: names.length ? `graph.output[${bad}].name` : "graph.output",
        name: names[bad],
      },
    );
  return names;
}

/** Attributes of table operators are interpreted, all others stay bytes. */
function attributesOf(node: WireMessage<"NodeProto">, path: string, file: Uint8Array, external?: External) {
  const entry = opOf(node.op_type ?? "", node.domain ?? "");
  const attrs: Record<string, Attr> = {};
  for (const [i, bytes] of (node.attribute ?? []).entries()) {
    const field = `${path}.attribute[${i}]`;
    const proto = decode("AttributeProto", bytes, field, bytes.byteOffset - file.byteOffset);
    const name = proto.name ?? "";
    if (Object.hasOwn(attrs, name))
      throw new EspalierError("invalid-file", "an attribute is given twice", { field, name });
    const known = entry && decodeAttribute(proto, field, external);
    const wanted = entry?.attrs[name]?.type;
    if (entry && wanted && known?.type !== wanted)
      throw new EspalierError("invalid-file", `${node.op_type} has an attribute of the wrong type`, {
        field: `${field}.type`,
        name,
        got: known?.type ?? `type ${proto.type}`,
        wanted,
      });
    attrs[name] = known ? known.value : { opaque: bytes.slice() };
  }
  return attrs;
}

function stepOf(proto: WireMessage<"NodeProto">, index: number, file: Uint8Array, external?: External): FileStep {
  const path = `graph.node[${index}]`;
  const domain = STANDARD.has(proto.domain ?? "") ? "" : proto.domain!;
  const op = proto.op_type ?? "";
  if (!op)
    throw new EspalierError("invalid-file", "a node has no operator", { field: `${path}.op_type`, name: proto.name });
  const attrs = attributesOf({ ...proto, domain }, path, file, external);
  const inputs = [...(proto.input ?? [])];
  while (inputs.at(-1) === "") inputs.pop();
  const explicit = new Set(inputs);
  const captured = opOf(op, domain) ? [] : [...captureNames(proto, path)].filter((x) => !explicit.has(x));
  const outputs = proto.output ?? [];
  if (opOf(op, domain) && !outputs[0])
    throw new EspalierError("invalid-file", `${op} has no output`, { field: `${path}.output`, name: proto.name });
  const name = proto.name || outputs.find((o) => o) || `${op}_${index}`;
  return { op, domain, name, inputs: [...inputs, ...captured], outputs, attrs, proto, captured: captured.length };
}

/** @throws EspalierError for anything that is not a well-formed model of a supported opset */
export function parse(bytes: Uint8Array, external?: External): Parsed {
  const file = decode("ModelProto", bytes);
  const { graph } = file;
  if (!graph)
    throw new EspalierError(
      "invalid-file",
      "this is not an ONNX model",
      { field: "graph", got: bytes.length === 0 ? "an empty file" : "no graph", size: `${bytes.length} bytes` },
      "check that the file is an ONNX model",
    );
  const opset = opsetOf(file);
  const initializers = tensorsOf(graph, external);
  const inputs = inputsOf(graph, initializers);
  const outputs = outputsOf(graph);
  const steps = inOrder(
    (graph.node ?? []).map((n, i) => stepOf(n, i, bytes, external)),
    [...inputs.keys(), ...initializers.keys()],
  );
  const declared = new Map([
    ...declarations(graph.value_info ?? [], "graph.value_info"),
    ...declarations(graph.output ?? [], "graph.output"),
  ]);
  const made = new Set([...inputs.keys(), ...initializers.keys(), ...steps.flatMap((s) => s.outputs)]);
  for (const [i, name] of outputs.entries())
    if (!made.has(name))
      throw new EspalierError("invalid-file", "nothing makes a graph output", { field: `graph.output[${i}]`, name });
  const read = new Set([...outputs, ...steps.flatMap((s) => s.inputs)]);
  return { file, graph, opset, inputs, outputs, initializers, declared, steps, read };
}
