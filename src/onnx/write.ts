/** Graph → bytes: `write` for models that leave Espalier, `encode` for graphs that only the engine sees. */

import { dataTypes } from "../dtype.ts";
import { EspalierError } from "../error.ts";
import { aGraph, aModel, anObject, maybe, wants } from "../given.ts";
import { takeName } from "../graph/new-names.ts";
import { heldBy } from "../graph/nodes.ts";
import { opOf } from "../graph/ops/index.ts";
import { flushedModel } from "../graph/subnormal.ts";
import { tensorKey } from "../graph/tensor.ts";
import type { Dim, Graph, Model, Tensor, Value } from "../graph/types.ts";
import { marksOf } from "./marks.ts";
import { decidedProperties } from "./own-files.ts";
import { asStored } from "./precision/as-stored.ts";
import { aPrecision, type Precision } from "./precision/choice.ts";
import { precisionProperties } from "./precision/stored-precision.ts";
import { type Rest, restOf } from "./rest.ts";
import type { WireMessage } from "./schema.ts";
import { neededOpset, spell } from "./spell.ts";
import { tensorProto } from "./tensors.ts";
import { encodeMessage } from "./wire.ts";
import { SizeWriter } from "./write-sizes.ts";

const OPSET = 17;
/** Protobuf's limit for one message. */
const MAX_BYTES = 2 ** 31 - 1;
/** The IR version that came with an opset (the last entry that is not newer). */
const IR_VERSIONS: readonly (readonly [opset: number, ir: number])[] = [
  [9, 4],
  [10, 5],
  [11, 6],
  [12, 7],
  [15, 8],
  [19, 9],
  [21, 10],
  [23, 11],
  [24, 12],
  [25, 13],
];
const irVersionOf = (opset: number): number => IR_VERSIONS.findLast(([o]) => o <= opset)![1];

/** "?" marks a dynamic axis without a name. */
const dimension = (d: Dim): WireMessage<"DimensionProto"> =>
  typeof d === "number" ? { dim_value: BigInt(d) } : d === "?" ? {} : { dim_param: d };

function valueInfo(v: Value, declared?: readonly Dim[]): WireMessage<"ValueInfoProto"> {
  const dims =
    declared?.length === v.shape.length ? declared.map((d, i) => (typeof d === "string" ? d : v.shape[i])) : v.shape;
  const shape = { dim: dims.map(dimension) };
  return { name: v.name, type: { tensor_type: { elem_type: dataTypes[v.dtype], shape } } };
}

/** Parameters that become inputs: each distinct tensor once, under a name that nothing else has. */
class Store {
  readonly tensors: WireMessage<"TensorProto">[] = [];
  private readonly names: Set<string>;
  private readonly known = new Map<string, string>();

  constructor(graph: Graph) {
    this.names = new Set([...graph.inputs, ...graph.initializers.keys()].map((v) => v.name));
    for (const n of graph.nodes) for (const o of n.outputs) if (o) this.names.add(o.name);
  }

  readonly fresh = (hint: string): string => takeName(hint, this.names);

  readonly add = (t: Tensor, hint: string): string => {
    const key = tensorKey(t);
    const known = this.known.get(key);
    if (known) return known;
    const name = this.fresh(hint);
    this.known.set(key, name);
    this.tensors.push(tensorProto(name, t));
    return name;
  };
}

function checkSize(graph: Graph): void {
  let bytes = 0;
  for (const t of graph.initializers.values()) bytes += t.data.byteLength;
  for (const n of graph.nodes) bytes += heldBy(n)?.data.byteLength ?? 0;
  if (bytes > MAX_BYTES)
    throw new EspalierError("too-large", "the model is too large for one ONNX file", {
      got: bytes,
      wanted: `at most ${MAX_BYTES}`,
    });
}

/** The bits of −0, as whole numbers. */
const [FLOAT64, FLOAT32, FLOAT16] = [-(2n ** 63n), -(2 ** 31), 0x8000];

/** −0 becomes 0, so that "exactly zero" has one bit pattern in files. */
function withoutNegativeZero(t: Tensor): Tensor {
  const { data } = t;
  const { buffer, byteOffset, length } = data;
  if (data instanceof Float32Array)
    return new Int32Array(buffer, byteOffset, length).includes(FLOAT32) ? { ...t, data: plainZeros(data) } : t;
  if (data instanceof Float64Array)
    return new BigInt64Array(buffer, byteOffset, length).includes(FLOAT64) ? { ...t, data: plainZeros(data) } : t;
  if ((t.dtype === "float16" || t.dtype === "bfloat16") && data instanceof Uint16Array)
    return data.includes(FLOAT16) ? { ...t, data: data.map((b) => (b === FLOAT16 ? 0 : b)) } : t;
  return t;
}

function plainZeros<A extends Float32Array | Float64Array>(data: A): A {
  const copy = data.slice() as A;
  for (let i = 0; i < copy.length; i++) if (copy[i] === 0) copy[i] = 0;
  return copy;
}

/** What an operator outside the table means depends on the opset of its file, which a graph does not say. */
function checkOwn({ nodes }: Graph): void {
  const foreign = nodes.find((n) => n.domain === "" && !opOf(n.op));
  if (foreign)
    throw new EspalierError(
      "unsupported",
      `a graph with ${foreign.op}, which Espalier does not know, is of no opset`,
      { node: foreign.name },
      "write the model, which keeps the opset of its file",
    );
}

/**
 * The bytes of an internal graph, for the engine: opset 17 or what its operators need, static shapes, constants as
 * initializers. Deterministic.
 * @throws EspalierError for graphs that exceed protobuf's 2 GiB, and with standard operators outside the table: their meaning
 *   depends on the opset of their file
 */
export function encode(graph: Graph): Uint8Array {
  wants("encode", ["graph", aGraph, graph]);
  return encodeOpen(graph, new Set());
}

/** The same with the first dimension of some inputs left open. */
export function encodeOpen(graph: Graph, free: ReadonlySet<Value>): Uint8Array {
  checkSize(graph);
  checkOwn(graph);
  const opset = Math.max(OPSET, ...graph.nodes.map(neededOpset));
  const store = new Store(graph);
  const outputs = new Set(graph.outputs);
  const constants: WireMessage<"TensorProto">[] = [];
  const node: WireMessage<"NodeProto">[] = [];
  for (const n of graph.nodes) {
    const [out] = n.outputs;
    const held = heldBy(n);
    if (held && !outputs.has(out!)) constants.push(tensorProto(out!.name, held));
    else node.push(spell(n, opset, store));
  }
  const domains = new Set(graph.nodes.map((n) => n.domain).filter((d) => d !== ""));
  return encodeMessage("ModelProto", {
    ir_version: BigInt(irVersionOf(opset)),
    producer_name: "espalier",
    opset_import: [
      { domain: "", version: BigInt(opset) },
      ...[...domains].sort().map((domain) => ({ domain, version: 1n })),
    ],
    graph: {
      node,
      name: graph.name,
      initializer: [...[...graph.initializers].map(([v, t]) => tensorProto(v.name, t)), ...constants, ...store.tensors],
      input: graph.inputs.map((v) => (free.has(v) ? valueInfo(v, ["?", ...v.shape.slice(1)]) : valueInfo(v))),
      output: graph.outputs.map((v) => valueInfo(v)),
    },
  });
}

/** The source's opset, or the oldest newer one that the graph's operators need. */
function opsetFor(model: Model): number {
  const { nodes } = model.graph;
  const opset = Math.max(model.opset, ...nodes.map(neededOpset));
  if (opset === model.opset) return opset;
  const foreign = nodes.find((n) => n.domain === "" && !opOf(n.op));
  if (!foreign) return opset;
  const culprit = nodes.find((n) => neededOpset(n) === opset)!;
  throw new EspalierError(
    "unsupported",
    `${culprit.op} needs opset ${opset}, but the model also has ${foreign.op}, which Espalier cannot convert`,
    { node: culprit.name, got: `opset ${model.opset}` },
    `export the model again with opset ${opset} or newer`,
  );
}

function declarations(model: Model, values: readonly Value[], rest: Rest | undefined): WireMessage<"ValueInfoProto">[] {
  return values.map((v) => {
    const was = rest?.values.get(v.name);
    const now = valueInfo(v, model.dims.get(v.name));
    const type = was?.type && { ...was.type, tensor_type: now.type!.tensor_type };
    return { ...was, ...now, type: type ?? now.type };
  });
}

/** Inputs in the file's order; initializers that were listed among them stay there. */
function inputsOf(model: Model, rest: Rest | undefined): Value[] {
  const { inputs, initializers } = model.graph;
  const byName = new Map([...inputs, ...initializers.keys()].map((v) => [v.name, v]));
  const listed = (rest?.inputs ?? []).flatMap((name) => byName.get(name) ?? []);
  const seen = new Set(listed);
  return [...listed, ...inputs.filter((v) => !seen.has(v))];
}

/** Stored tensors of which the exporter said what they are. */
function markedValues(model: Model, rest: Rest | undefined): Value[] {
  const listed = new Set(rest?.inputs);
  const marks = marksOf(model);
  return [...model.graph.initializers.keys()].filter(({ name }) => marks.has(name) && !listed.has(name));
}

/** Types that a reader cannot infer: what operators outside the table make. */
function opaqueValues(model: Model, rest: Rest | undefined): WireMessage<"ValueInfoProto">[] {
  const outputs = new Set(model.graph.outputs);
  return model.graph.nodes
    .filter((n) => !opOf(n.op, n.domain))
    .flatMap((n) => n.outputs)
    .filter((v) => v !== null)
    .filter((v) => !outputs.has(v))
    .map((v) => rest?.values.get(v.name) ?? valueInfo(v));
}

/** How a model is written. */
export interface WriteOptions {
  /**
   * "stored": what was read in float32 is rounded to the floats that the file had. Default: "float32", as the model is.
   */
  readonly precision?: Precision;
}

/**
 * The bytes of an ONNX file: the model's own opset — or, when an operator was added that it lacks (Gelu needs 20,
 * HardSwish 14, Mish 18), the oldest one that has it — with the names, dynamic axes, metadata and everything else of
 * the file it was read from. −0 in stored float tensors becomes 0, and so does a subnormal float32 weight (below 1.2e-38) of a product, which
 * it slows; constants stay. No time stamps: equal models give equal bytes.
 * @throws EspalierError when the model exceeds protobuf's 2 GiB, needs another opset than an opaque operator has, or holds a number
 *   that the precision of its file does not
 */
export function write(model: Model, options: WriteOptions = {}): Uint8Array {
  wants(
    "write",
    ["model", aModel, model],
    ["options", anObject, options],
    ["precision", maybe(aPrecision), options, "precision"],
  );
  return writeModel(options.precision === "stored" ? asStored(model) : model);
}

/** The bytes of `write` in memory of the caller's. @param memory asked for so many bytes */
export function writeModel(model: Model, memory?: (length: number) => Uint8Array): Uint8Array {
  const { graph } = model;
  checkSize(graph);
  const rest = restOf(model);
  const opset = opsetFor(model);
  const store = new Store(graph);
  const sizes = new SizeWriter(store);
  const places = { add: store.add, compute: sizes.tensor.bind(sizes) };
  const node = graph.nodes.flatMap((n) => {
    const key = n.outputs.find((o) => o)?.name ?? "";
    const captured = rest?.captures.get(key) ?? 0;
    const explicit = captured ? { ...n, inputs: n.inputs.slice(0, -captured) } : n;
    const spelled = { ...rest?.nodes.get(key), ...spell(explicit, opset, places) };
    return [...sizes.take(), spelled];
  });
  const initializer = [...flushedModel(model).model.graph.initializers].map(([v, t]) => ({
    ...rest?.tensors.get(v.name),
    ...tensorProto(v.name, withoutNegativeZero(t)),
  }));
  const imports = rest?.model.opset_import ?? [];
  const standard = { domain: "", version: BigInt(opset) };
  const proto: WireMessage<"ModelProto"> = {
    ...(rest?.model ?? { producer_name: "espalier" }),
    ir_version: BigInt(Math.max(Number(rest?.model.ir_version ?? 0), irVersionOf(opset))),
    opset_import: [standard, ...imports.filter((o) => o.domain && o.domain !== "ai.onnx")],
    metadata_props: [
      ...[...model.metadata].map(([key, value]) => ({ key, value })),
      ...decidedProperties(graph),
      ...precisionProperties(rest?.precision),
    ],
    graph: {
      ...rest?.graph,
      node,
      name: graph.name,
      initializer: [...initializer, ...store.tensors],
      input: declarations(model, inputsOf(model, rest), rest),
      output: declarations(model, graph.outputs, rest),
      value_info: [...declarations(model, markedValues(model, rest), rest), ...opaqueValues(model, rest)],
    },
  };
  return encodeMessage("ModelProto", proto, memory);
}
