/** A subgraph of a node, written out where the node stands. */
import { EspalierError } from "../../error.ts";
import { type FileStep, stepOf } from "../file-step.ts";
import { inOrder } from "../order.ts";
import { ownNames, renamedNode } from "../renamed.ts";
import type { WireMessage } from "../schema.ts";
import { decodeTensor } from "../tensors.ts";
import { decode } from "../wire.ts";
import type { Place } from "./place.ts";

/** A subgraph, and the tensors that it stores under the names that they have in the graph. */
export interface Body {
  readonly graph: WireMessage<"GraphProto">;
  /** What errors call it. */
  readonly path: string;
  readonly inputs: readonly string[];
  readonly stored: ReadonlyMap<string, string>;
}

/**
 * The subgraph of an attribute, with its stored tensors among those of the file.
 * @throws EspalierError where there is none
 */
export function bodyOf(step: FileStep, attribute: string, place: Place): Body {
  const path = `${step.name}.${attribute}`;
  for (const bytes of step.proto.attribute ?? []) {
    const { name, g: graph } = decode("AttributeProto", bytes, step.name);
    if (name !== attribute || !graph) continue;
    if (graph.sparse_initializer?.length)
      throw new EspalierError("unsupported", "sparse initializers are not supported", { field: path });
    const stored = (graph.initializer ?? []).map((proto, i): [string, string] => {
      const tensor = decodeTensor(proto, `${path}.initializer[${i}]`, place.source.external);
      return [proto.name ?? "", place.keep(proto.name ?? "", step.name, tensor)];
    });
    const held = new Map(stored);
    const inputs = (graph.input ?? []).map((v) => v.name ?? "").filter((v) => !held.has(v));
    return { graph, path, inputs, stored: held };
  }
  throw new EspalierError("invalid-file", `${step.op} has no ${attribute}`, { node: step.name });
}

/**
 * The nodes of a subgraph under names of their own, and what its outputs are called.
 * @param scope what new names begin with
 * @param given what its inputs are, in order
 * @throws EspalierError where the subgraph takes another number of inputs, or makes less than the node
 */
export function bodySteps(
  { graph, path, inputs, stored }: Body,
  scope: string,
  given: readonly string[],
  step: FileStep,
  place: Place,
): { readonly steps: readonly FileStep[]; readonly outputs: readonly string[] } {
  if (inputs.length !== given.length)
    throw new EspalierError("mismatch", `the subgraph of ${step.op} does not take what the node gives`, {
      node: step.name,
      got: `${inputs.length} inputs`,
      wanted: given.length,
    });
  const own = ownNames(graph);
  const names = new Map([...stored, ...inputs.map((name, i) => [name, given[i]] as const)]);
  const rename = (name: string): string => {
    const known = names.get(name) ?? (own.has(name) ? place.values.fresh(`${scope}/${name}`) : name);
    names.set(name, known);
    return known;
  };
  const steps = (graph.node ?? []).map((node, i) => {
    place.count(step);
    const renamed = { ...renamedNode(node, rename), name: node.name ? `${scope}/${node.name}` : undefined };
    return stepOf(renamed, i, place.source, step.opset, path);
  });
  const inside = new Set(steps.flatMap((s) => s.outputs));
  const outside = steps.flatMap((s) => s.inputs).filter((x) => !inside.has(x));
  return { steps: inOrder(steps, outside), outputs: (graph.output ?? []).map((v) => rename(v.name ?? "")) };
}

/** @throws EspalierError where a node wants more than its subgraph makes */
export function checkMade({ op, name, outputs }: FileStep, made: number): void {
  if (outputs.length <= made) return;
  throw new EspalierError("mismatch", `the subgraph of ${op} makes less than the node`, {
    node: name,
    got: `${made} outputs`,
    wanted: outputs.length,
  });
}
