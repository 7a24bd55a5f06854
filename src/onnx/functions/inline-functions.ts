/**
 * A file that defines functions (`ModelProto.functions`: onnxscript's torch library, modules exported as functions) as the same file
 * without them: every call is the nodes of its function, under names of its own, with the call's attributes in the places that refer
 * to them. A function's operators are of the opset that the function imports, which may be another than the file's.
 */
import { EspalierError } from "../../error.ts";
import { takeName } from "../../graph/new-names.ts";
import { namesWithin, type Renaming, renamedNode, subgraphsOf } from "../renamed.ts";
import type { WireMessage } from "../schema.ts";
import { decode, encodeMessage } from "../wire.ts";
import { calledBy, domainsOf, type FunctionLibrary, functionsOf, type LocalFunction } from "./library.ts";

type NodeProto = WireMessage<"NodeProto">;
type GraphProto = WireMessage<"GraphProto">;
type AttributeProto = WireMessage<"AttributeProto">;

/** A node, and the opset of the function that it stood in; undefined: the file's. */
export interface PlacedNode {
  readonly node: NodeProto;
  readonly opset: number | undefined;
}

/** What a file's calls were: how often a function was called, by its name. */
export type Calls = ReadonlyMap<string, number>;

/** More nodes than any network has: functions that call functions could make more of them than memory holds. */
const MOST_NODES = 2 ** 16;

class Inliner {
  readonly calls = new Map<string, number>();
  private readonly library: FunctionLibrary;
  private readonly values: Set<string>;
  private readonly nodes: Set<string>;
  private left = MOST_NODES;

  constructor(library: FunctionLibrary, graph: GraphProto) {
    this.library = library;
    this.values = namesWithin(graph);
    this.nodes = new Set(graph.node?.map((n) => n.name ?? ""));
  }

  /** @param within the functions around the nodes */
  placed(nodes: readonly NodeProto[], opset: number | undefined, within: readonly LocalFunction[]): PlacedNode[] {
    return nodes.flatMap((node) => {
      const called = calledBy(node, this.library);
      if (called) return this.body(node, called, within);
      if (this.left-- === 0)
        throw new EspalierError("too-large", "the functions of the file are too many nodes", {
          wanted: `at most ${MOST_NODES}`,
        });
      return [{ node: this.withoutCallsInside(node, opset, within), opset }];
    });
  }

  private body(call: NodeProto, f: LocalFunction, within: readonly LocalFunction[]): PlacedNode[] {
    const { name = "", input = [], output = [], node = [] } = f.proto;
    if (within.includes(f)) throw new EspalierError("invalid-file", "a function calls itself", { field: f.path, name });
    const [given, wanted] = [call.input ?? [], call.output ?? []];
    if (given.length > input.length || wanted.length > output.length)
      throw new EspalierError("mismatch", "a function is called with more than it has", {
        node: call.name || wanted[0],
        function: name,
        got: `${given.length} inputs, ${wanted.length} outputs`,
        wanted: `at most ${input.length} inputs, ${output.length} outputs`,
      });
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
    const scope = call.name || wanted.find((o) => o) || name;
    const outside = new Map(input.map((formal, i) => [formal, given[i] ?? ""]));
    const passed = output.map((formal, i) => (outside.has(formal) && wanted[i] ? [formal, wanted[i]] : []));
    for (const [i, formal] of output.entries()) if (wanted[i] && !outside.has(formal)) outside.set(formal, wanted[i]);
    const rename: Renaming = (inner) => {
      const known = outside.get(inner) ?? takeName(`${scope}/${inner}`, this.values);
      outside.set(inner, known);
      return known;
    };
    const attributes = attributesOf(call, f);
    const inner = node.map((n) => {
      const own = n.name && takeName(`${scope}/${n.name}`, this.nodes);
      return { ...renamedNode(n, rename, (a) => substituted(a, attributes)), name: own };
    });
    // an input that the function hands out as it is
    const aliases = passed.flatMap(([formal, out]) =>
      formal ? [{ op_type: "Identity", input: [rename(formal)], output: [out] }] : [],
    );
    return this.placed([...inner, ...aliases], f.opset, [...within, f]);
  }

  /** The node with calls in its subgraphs replaced. */
  private withoutCallsInside(node: NodeProto, opset: number | undefined, within: readonly LocalFunction[]): NodeProto {
    const holds = (graph: GraphProto): boolean =>
      (graph.node ?? []).some((n) => calledBy(n, this.library) || subgraphsOf(n).some(holds));
    if (!subgraphsOf(node).some(holds)) return node;
    const plain = (graph: GraphProto): GraphProto => ({
      ...graph,
      node: this.placed(graph.node ?? [], opset, within).map((placed) => {
        if (placed.opset !== opset)
          throw new EspalierError(
            "unsupported",
            "a subgraph calls a function of another opset",
            { node: node.name || node.output?.[0], function: placed.node.name, got: placed.opset, wanted: opset },
            "export the model so that its functions have the opset of the model",
          );
        return placed.node;
      }),
    });
    const attribute = node.attribute?.map((bytes) => {
      const proto = decode("AttributeProto", bytes);
      const { g, graphs } = proto;
      if (!g && !graphs?.length) return bytes;
      return encodeMessage("AttributeProto", { ...proto, g: g && plain(g), graphs: graphs?.map(plain) });
    });
    return { ...node, attribute };
  }
}

/** What the attributes of a function are in a call, by name: what the call gives, else the default. */
function attributesOf(call: NodeProto, { proto }: LocalFunction): ReadonlyMap<string, AttributeProto> {
  const all = [...(proto.attribute_proto ?? []), ...(call.attribute ?? [])].map((a) => decode("AttributeProto", a));
  return new Map(all.map((a) => [a.name ?? "", a]));
}

/** An attribute that refers to one of the function is that one, under its own name; left out where the call leaves it out. */
function substituted(
  attribute: AttributeProto,
  given: ReadonlyMap<string, AttributeProto>,
): AttributeProto | undefined {
  if (!attribute.ref_attr_name) return attribute;
  const value = given.get(attribute.ref_attr_name);
  return value && { ...value, name: attribute.name };
}

/** The nodes of a file's graph without calls, the file without functions, and what was called. */
export function withoutFunctions(
  file: WireMessage<"ModelProto">,
  graph: GraphProto,
): { readonly file: WireMessage<"ModelProto">; readonly nodes: readonly PlacedNode[]; readonly calls: Calls } {
  const library = functionsOf(file);
  if (library.size === 0)
    return { file, nodes: (graph.node ?? []).map((node) => ({ node, opset: undefined })), calls: new Map() };
  const inliner = new Inliner(library, graph);
  const nodes = inliner.placed(graph.node ?? [], undefined, []);
  if (inliner.calls.size === 0) return { file, nodes, calls: inliner.calls };
  const used = new Set(nodes.map(({ node }) => node.domain ?? ""));
  const gone = domainsOf(library);
  const imports = file.opset_import?.filter(({ domain = "" }) => !domain || used.has(domain) || !gone.has(domain));
  return { file: { ...file, functions: undefined, opset_import: imports }, nodes, calls: inliner.calls };
}
