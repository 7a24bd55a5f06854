/** A model as a picture: what is drawn of it, gathered from everything that is known of its graph. */
import { aModel, anObject, aText, maybe, wants } from "../given.ts";
import { sizesOf } from "../graph/bind.ts";
import { macsOf } from "../graph/macs.ts";
import { families } from "../graph/ops/index.ts";
import { isFloat, size } from "../graph/tensor.ts";
import type { Model, Node, Tensor, Value } from "../graph/types.ts";
import { runningStatistics } from "../graph/walk.ts";
import { coupledSets } from "../groups/coupled.ts";
import type { GroupKind, GroupSet } from "../groups/group-set.ts";
import { groupSets } from "../groups/groups.ts";
import { countZeros, type ZeroCount } from "../groups/zeros.ts";
import { shapeText } from "../report/format.ts";
import type { DrawnGroups, DrawnNetwork, DrawnNode } from "../report/network.ts";
import { networkPage } from "../report/network-page.ts";
import type { Analysis } from "../shrink/analysis.ts";
import { type Inspection, inspected, type Layer } from "../shrink/inspect.ts";
import { moduleFor } from "./network-modules.ts";
import { namedShapes } from "./network-shapes.ts";
import { countedOnce, fedNodes, removableShares, tensorFacts } from "./network-tensors.ts";

/** Options of `networkHtml`. */
export interface NetworkOptions {
  /** Stands above the picture. Default: the name of the model's graph. */
  readonly title?: string;
}

/**
 * A page that shows a model as a picture: its blocks by their modules' names, which open and close, with shapes, parameters, groups, zeros,
 * what is frozen and what must stay, and why. One file, which loads nothing and reads without a script, too.
 * @throws EspalierError where its multiply–accumulates are more than numbers hold exactly
 */
export async function networkHtml(model: Model, options: NetworkOptions = {}): Promise<string> {
  wants(
    "networkHtml",
    ["model", aModel, model],
    ["options", anObject, options],
    ["title", maybe(aText), options, "title"],
  );
  return networkPage(drawn(model, options.title || model.graph.name || "A network"));
}

function drawn(model: Model, title: string): DrawnNetwork {
  const { inspection, analysis } = inspected(model);
  const { graph, channels, uses } = analysis;
  const shapes = namedShapes(model);
  const sides = (["consumer", "producer"] as const).map((side) => coupledSets(graph, side, channels));
  const layers = new Map<Node, Layer[]>();
  for (const [i, { node }] of uses.entries()) layers.set(node, [...(layers.get(node) ?? []), inspection.layers[i]]);
  const nodes = fedNodes(graph);
  const facts = tensorFacts(model, graph);
  const statistics = runningStatistics(graph);
  const counts = (v: Value) => isFloat(v.dtype) && !statistics.has(v);
  const counted = countedOnce(nodes, removableShares(sides), counts);
  const modules = moduleFor(model, nodes);

  const inputs = graph.inputs.filter((v) => !graph.initializers.has(v));
  const place = new Map<Value | null, number>(inputs.map((v, i) => [v, i]));
  const list: DrawnNode[] = inputs.map((v) => end("input", v, shapes.of(v)));
  for (const [node, stored] of nodes) {
    const [x, y] = [node.inputs.find((v) => place.has(v)), node.outputs.find((o) => o)!];
    const shape = shapes.of(y);
    list.push({
      kind: "operator",
      op: node.op,
      name: node.name,
      family: familyOf(node),
      module: modules.get(node)!,
      shape,
      reshapes: !x || shapes.of(x) !== shape,
      reads: placesOf(node.inputs, place),
      ...counted.get(node)!,
      frozen: stored.reduce((n, v) => n + (counts(v) && !facts(v).learns ? size(v.shape) : 0), 0),
      macs: macsOf(node),
      stored: stored.map(facts),
      ...summed(layers.get(node) ?? []),
    });
    for (const o of node.outputs) if (o) place.set(o, list.length - 1);
  }
  list.push(...graph.outputs.map((v) => ({ ...end("output", v, shapes.of(v)), reads: placesOf([v], place) })));
  return {
    title,
    opset: model.opset,
    sizes: [...sizesOf(model)].map(([s, n]) => `${s} ${n}`).join(", "),
    params: inspection.params,
    macs: inspection.macs,
    nodes: list,
    groups: groupsOf(analysis, sides),
    ...said(inspection, shapes.notes),
  };
}

const placesOf = (values: readonly (Value | null)[], place: ReadonlyMap<Value | null, number>): number[] => [
  ...new Set(values.flatMap((v) => place.get(v) ?? [])),
];

const NOTHING = {
  params: 0,
  removableParams: 0,
  frozen: 0,
  macs: 0,
  groups: 0,
  zeroGroups: 0,
  channels: 0,
  removable: 0,
};

const end = (kind: "input" | "output", { name, dtype }: Value, shape: string): DrawnNode => ({
  kind,
  op: kind,
  name,
  family: kind,
  module: [],
  shape: `${dtype} ${shape}`,
  reshapes: true,
  reads: [],
  ...NOTHING,
  stored: [],
  obstacles: [],
  kept: [],
});

const familyOf = ({ op, domain }: Node): string =>
  (domain === "" && Object.entries(families).find(([, ops]) => Object.hasOwn(ops, op))?.[0]) || "other";

/** What is known of the weights of one node. */
function summed(layers: readonly Layer[]) {
  const sum = (of: "groups" | "zeroGroups") => layers.reduce((n, l) => n + l[of], 0);
  const [first] = layers;
  return {
    groups: sum("groups"),
    zeroGroups: sum("zeroGroups"),
    channels: first?.channels ?? 0, // several weights of a node make the same channels
    removable: first?.removable ?? 0,
    ...(first && { weight: layers.map((l) => shapeText(l.shape)).join(", ") }),
    obstacles: [...new Set(layers.flatMap((l) => l.obstacles))],
    kept: [...new Set(layers.flatMap((l) => l.kept))],
  };
}

type GroupName = Extract<GroupKind, string>;

/** What is said of groups of each kind. */
const KINDS: Readonly<Record<GroupName, string>> = {
  coupled: "all that reads one channel anywhere: what a small file wants",
  headWidth: "the same, with one index of every head of an attention instead of a whole head",
  inputChannel: "one weight's numbers for one channel that it reads",
  outputChannel: "one weight's numbers for one channel that it makes",
  layer: "what makes a residual branch, which goes as a whole",
  element: "single weights",
};

function groupsOf({ graph, uses }: Analysis, [consumer]: readonly (readonly GroupSet[])[]): DrawnGroups[] {
  const tensors = new Map<string, Tensor>([...graph.initializers].map(([v, t]) => [v.name, t]));
  const count = (kind: GroupName) => {
    if (kind === "element")
      return zeroElements(new Set(uses.flatMap(({ stored }) => graph.initializers.get(stored.root) ?? [])));
    return countZeros(kind === "coupled" ? consumer : groupSets(graph, kind), tensors);
  };
  return (Object.keys(KINDS) as GroupName[]).map((kind) => {
    const { groups, zero, weights } = count(kind);
    return { kind, means: KINDS[kind], groups, zero, weights };
  });
}

/** The groups of single weights, of which there are too many to be made. */
function zeroElements(tensors: ReadonlySet<Tensor>): Pick<ZeroCount, "groups" | "zero" | "weights"> {
  let [groups, zero] = [0, 0];
  for (const { dtype, data } of tensors) {
    if (dtype !== "float32") continue;
    groups += data.length;
    for (let i = 0; i < data.length; i++) if (data[i] === 0) zero++;
  }
  return { groups, zero, weights: groups };
}

/** What of an inspection is said in sentences. */
function said({ constants, untrained, sharing: { ties, partings }, training }: Inspection, notes: readonly string[]) {
  return {
    frozen: [
      ...constants.map(({ name, shape, why }) => ({ name, shape: shapeText(shape), why })),
      ...untrained.map(({ weight, shape, dtype }) => ({
        name: weight,
        shape: shapeText(shape),
        why: `${dtype}: only float32 is trained`,
      })),
    ],
    ties: [
      ...ties.map((t) => `${t.copy} is ${t.name}${t.transposed ? ", transposed" : ""}: ${t.why}`),
      ...partings.map((p) => `${p.name} stood for ${p.apart.join(", ")} too: ${p.why}`),
    ],
    notes: [...training, ...notes],
  };
}
