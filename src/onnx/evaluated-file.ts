/** A file as a runtime has to run it for what it means in evaluation, to hold against it what was read of it. */
import { evaluationForms } from "./evaluation-forms.ts";
import type { External } from "./external.ts";
import { STANDARD } from "./file-step.ts";
import { LOADED, parse } from "./parse.ts";
import type { WireMessage } from "./schema.ts";
import { decodeTensor, tensorProto } from "./tensors.ts";
import { decode, encodeMessage } from "./wire.ts";
import { withoutDraws } from "./without-draws.ts";

const EXTERNAL = 1;

/** The node with its switch of training off, where it has one. */
function evaluatedNode(node: WireMessage<"NodeProto">, path: string): WireMessage<"NodeProto"> {
  const op = node.op_type ?? "";
  if (!STANDARD.has(node.domain ?? "") || !Object.hasOwn(evaluationForms, op)) return node;
  return evaluationForms[op].off(node, (bytes, name) => decode("AttributeProto", bytes, path).name === name);
}

/** What stands for nodes that multiply by masks that are drawn. */
function meansIn(bytes: Uint8Array, external: External | undefined) {
  const parsed = parse(bytes, external);
  const plain = withoutDraws(parsed);
  const before = new Set(parsed.steps);
  const changed = new Map(plain.steps.filter((s) => !before.has(s)).map((s) => [s.outputs[0], s]));
  return {
    node(node: WireMessage<"NodeProto">): WireMessage<"NodeProto"> {
      const step = changed.get(node.output?.[0] ?? "");
      return step ? { ...node, op_type: step.op, input: [...step.inputs], attribute: [] } : node;
    },
    initializers: [...plain.initializers].flatMap(([name, t]) =>
      parsed.initializers.has(name) ? [] : [tensorProto(name, t)],
    ),
  };
}

/**
 * The bytes of the same file with training switched off (batch normalization by the stored statistics, dropout as the identity, masks that are drawn by their means), with
 * tensors that lie in other files inside, and of no newer opset than the runtime loads. Nothing else differs: no node is interpreted.
 * @throws EspalierError for damaged files and for external data that `external` does not give
 */
export function evaluatedFile(bytes: Uint8Array, external?: External): Uint8Array {
  const file = decode("ModelProto", bytes);
  const { graph } = file;
  const means = meansIn(bytes, external);
  const stored = (t: WireMessage<"TensorProto">, i: number) =>
    t.data_location === EXTERNAL
      ? { ...tensorProto(t.name ?? "", decodeTensor(t, `graph.initializer[${i}]`, external)), name: t.name }
      : t;
  const least = (a: bigint | undefined, b: bigint) => (a !== undefined && a > b ? b : a);
  return encodeMessage("ModelProto", {
    ...file,
    ir_version: least(file.ir_version, LOADED.ir),
    opset_import: file.opset_import?.map((o) =>
      STANDARD.has(o.domain ?? "") ? { ...o, version: least(o.version, BigInt(LOADED.opset)) } : o,
    ),
    graph: graph && {
      ...graph,
      node: graph.node?.map((n, i) => means.node(evaluatedNode(n, `graph.node[${i}]`))),
      initializer: [...(graph.initializer ?? []).map(stored), ...means.initializers],
    },
  });
}
