/** A NodeProto → a node by names, its attributes decoded and held against its operator's signature. */
import { EspalierError } from "../error.ts";
import type { AttrType } from "../graph/op.ts";
import { opOf } from "../graph/ops/index.ts";
import type { Attr, Attrs } from "../graph/types.ts";
import { decodeAttribute } from "./attributes.ts";
import type { Step } from "./canonical.ts";
import { captureNames } from "./captures.ts";
import { expansionOf } from "./expansions/index.ts";
import type { External } from "./external.ts";
import type { WireMessage } from "./schema.ts";
import { checkForm, isInternal } from "./signature.ts";
import { nameToday } from "./spelling.ts";
import { decode } from "./wire.ts";

/** Names of the standard domain. */
export const STANDARD: ReadonlySet<string> = new Set(["", "ai.onnx"]);

/** A node as the file spells it. */
export interface FileStep extends Step {
  readonly proto: WireMessage<"NodeProto">;
  /** How many of the last inputs are values that subgraphs read. */
  readonly captured: number;
  /** Of which opset it is, where that is not the file's: it stood in a function. */
  readonly opset?: number;
}

/** What nodes are read by. */
export interface Source {
  /** Of the standard operators. */
  readonly opset: number;
  readonly bytes: Uint8Array;
  readonly external?: External;
}

interface FileAttribute {
  readonly name: string;
  readonly type: AttrType | undefined;
  readonly field: string;
  readonly value: Attr;
}

/** Attributes of operators of the table are interpreted, all others stay bytes. */
function attributesOf(
  node: WireMessage<"NodeProto">,
  known: boolean,
  path: string,
  file: Uint8Array,
  external?: External,
): FileAttribute[] {
  const seen = new Set<string>();
  return (node.attribute ?? []).map((bytes, i): FileAttribute => {
    const field = `${path}.attribute[${i}]`;
    const proto = decode("AttributeProto", bytes, field, bytes.byteOffset - file.byteOffset);
    const name = proto.name ?? "";
    if (!name || seen.has(name))
      throw new EspalierError("invalid-file", name ? "an attribute is given twice" : "an attribute has no name", {
        field,
        name,
      });
    seen.add(name);
    const decoded = known && !isInternal(name) ? decodeAttribute(proto, field, external) : undefined;
    return { name, field, type: decoded?.type, value: decoded?.value ?? { opaque: bytes.slice() } };
  });
}

/** By own properties alone, whatever the names are. */
const byName = (list: readonly FileAttribute[]): Attrs =>
  Object.fromEntries(list.map(({ name, value }) => [name, value]));

/**
 * @param index of the node in its graph, for errors and for a node without a name
 * @param own the opset of the function that the node stood in
 * @param graph what errors call the graph
 * @throws EspalierError for attributes that cannot be decoded, and nodes that the opset does not have so
 */
export function stepOf(
  proto: WireMessage<"NodeProto">,
  index: number,
  source: Source,
  own: number | undefined = undefined,
  graph = "graph",
): FileStep {
  const path = `${graph}.node[${index}]`;
  const opset = own ?? source.opset;
  const domain = STANDARD.has(proto.domain ?? "") ? "" : proto.domain!;
  const op = domain === "" ? nameToday(proto.op_type ?? "", opset) : (proto.op_type ?? "");
  if (!op)
    throw new EspalierError("invalid-file", "a node has no operator", { field: `${path}.op_type`, name: proto.name });
  const expanded = expansionOf(op, domain, opset) !== undefined;
  const known = expanded || opOf(op, domain) !== undefined;
  const attributes = attributesOf(proto, known, path, source.bytes, source.external);
  const inputs = [...(proto.input ?? [])];
  while (inputs.at(-1) === "") inputs.pop();
  const explicit = new Set(inputs);
  const captured = known ? [] : [...captureNames(proto, path)].filter((x) => !explicit.has(x));
  const outputs = [...(proto.output ?? [])];
  while (outputs.at(-1) === "") outputs.pop();
  const name = proto.name || outputs.find((o) => o) || `${op}_${index}`;
  const step = { op, domain, name, inputs: [...inputs, ...captured], outputs, attrs: byName(attributes) };
  if (!expanded) checkForm(step, attributes, opset);
  if (outputs.length === 0)
    throw new EspalierError(
      "unsupported",
      "a node makes nothing",
      { node: name, operator: op },
      "remove the node: no output depends on it",
    );
  const differs = opset !== source.opset;
  if (differs && !known && domain === "")
    throw new EspalierError(
      "unsupported",
      `${op} stands in a function of another opset than the model's`,
      { node: name, got: `opset ${opset}`, wanted: `opset ${source.opset}` },
      "export the model so that its functions have the opset of the model",
    );
  return { ...step, proto, captured: captured.length, ...(differs && { opset }) };
}
