/** Bytes → the parts of a file: tensors, declarations and nodes in order, everything by name. No shapes yet. */
import { EspalierError } from "../error.ts";
import { opOf } from "../graph/ops/index.ts";
import type { Dim, DType, Tensor } from "../graph/types.ts";
import type { WrittenOut } from "./control/place.ts";
import { type Declared, declarations, declaredOf } from "./declared.ts";
import { expansionOf } from "./expansions/index.ts";
import type { External } from "./external.ts";
import { type FileStep, type Source, STANDARD, stepOf } from "./file-step.ts";
import { type Calls, type PlacedNode, withoutFunctions } from "./functions/inline-functions.ts";
import { inOrder } from "./order.ts";
import type { StoredPrecision } from "./precision/stored-precision.ts";
import type { Quantized } from "./rest.ts";
import type { WireMessage } from "./schema.ts";
import type { Sharing } from "./sharing.ts";
import { newerOperators } from "./signatures/newer.ts";
import { decodeTensor } from "./tensors.ts";
import { decode } from "./wire.ts";
import type { Unmasked } from "./without-draws.ts";

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
  /** Functions of the file that were called, and how often; their nodes stand in the place of the calls. */
  readonly calls: Calls;
  /** What its nodes were read by. */
  readonly source: Source;
  /** Nodes with graphs that were written out; undefined where there are none. */
  readonly resolved?: readonly WrittenOut[];
  /** Nodes that multiplied by masks that are drawn; undefined where there are none. */
  readonly unmasked?: readonly Unmasked[];
  /** What is float32 here and was not in the file; undefined where that was not asked for, or nothing was. */
  readonly precision?: StoredPrecision;
  /** What was found of tensors that are shared; undefined where it was not looked for, or nothing was. */
  readonly sharing?: Sharing;
  /** What the file holds quantized, where it is floats here. */
  readonly quantized?: Quantized;
}

/**
 * What is read, and up to where ONNX Runtime 1.30 loads it. What came later only widened operators that there were, so that a node which
 * is as the older opset has it means the same there; new operators are refused.
 */
const OPSETS = { oldest: 9, newest: 28 };
const NEWEST_IR = 14n;
/** The newest that ONNX Runtime loads. */
export const LOADED = { opset: 26, ir: 13n };

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
  if ((file.ir_version ?? 0n) > NEWEST_IR)
    throw new EspalierError(
      "unsupported",
      "the model's format is newer than ONNX Runtime reads",
      { field: "ir_version", got: Number(file.ir_version), wanted: `at most ${NEWEST_IR}` },
      "save the model with an older IR version",
    );
  return opset;
}

/** The newest opset that the runtime loads is enough for every node, or the file is refused. */
function checkLoaded(nodes: readonly PlacedNode[], file: number): void {
  const isNewer = ({ node, opset }: PlacedNode) =>
    (opset ?? file) > LOADED.opset &&
    STANDARD.has(node.domain ?? "") &&
    Object.hasOwn(newerOperators, node.op_type ?? "");
  const newer = nodes.findIndex(isNewer);
  if (newer < 0) return;
  const { op_type = "", name, output } = nodes[newer].node;
  throw new EspalierError(
    "unsupported",
    `ONNX Runtime does not know ${op_type} yet`,
    {
      field: `graph.node[${newer}]`,
      node: name || output?.[0],
      got: `opset ${nodes[newer].opset ?? file}`,
      wanted: `opset ${LOADED.opset}`,
    },
    `export the model with opset ${LOADED.opset} or older`,
  );
}

/** The opset of a function as it is read. */
function loaded(opset: number | undefined, node: WireMessage<"NodeProto">): number | undefined {
  if (opset === undefined || (opset >= OPSETS.oldest && opset <= OPSETS.newest))
    return opset && Math.min(opset, LOADED.opset);
  throw new EspalierError(
    "unsupported",
    "the opset of a function is not supported",
    { node: node.name, got: `opset ${opset}`, wanted: `opset ${OPSETS.oldest} to ${OPSETS.newest}` },
    "export the model with functions of the model's opset",
  );
}

/** A function of the file goes before an operator of the same name: its nodes are not what the table says of them. */
function checkFunctions(file: WireMessage<"ModelProto">, opset: number): void {
  for (const [i, bytes] of (file.functions ?? []).entries()) {
    const field = `functions[${i}]`;
    const { name = "", domain = "" } = decode("FunctionProto", bytes, field);
    const own = STANDARD.has(domain) ? "" : domain;
    if (opOf(name, own) || expansionOf(name, own, opset))
      throw new EspalierError(
        "unsupported",
        "the file defines an operator of ONNX anew",
        { field, name },
        "export the model without this function",
      );
  }
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

/** @throws EspalierError for anything that is not a well-formed model of a supported opset */
export function parse(bytes: Uint8Array, external?: External): Parsed {
  const given = decode("ModelProto", bytes);
  const { graph } = given;
  if (!graph)
    throw new EspalierError(
      "invalid-file",
      "this is not an ONNX model",
      { field: "graph", got: bytes.length === 0 ? "an empty file" : "no graph", size: `${bytes.length} bytes` },
      "check that the file is an ONNX model",
    );
  const stated = opsetOf(given);
  const opset = Math.min(stated, LOADED.opset);
  const newerIr = (given.ir_version ?? 0n) > LOADED.ir;
  checkFunctions(given, opset);
  const { file: plain, nodes, calls } = withoutFunctions(given, graph);
  const file = newerIr ? { ...plain, ir_version: LOADED.ir } : plain;
  checkLoaded(nodes, stated);
  const initializers = tensorsOf(graph, external);
  const inputs = inputsOf(graph, initializers);
  const outputs = outputsOf(graph);
  const source = { opset, bytes, external };
  const steps = inOrder(
    nodes.map(({ node, opset: own }, i) => stepOf(node, i, source, loaded(own, node))),
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
  return { file, graph, opset, inputs, outputs, initializers, declared, steps, read, calls, source };
}
