/** What a kernel is there for: which part of a training step, and for which of its values. */
import { macsOf } from "../src/graph/macs.ts";
import type { MeaningName } from "../src/graph/meanings.ts";
import { families } from "../src/graph/ops/index.ts";
import { size } from "../src/graph/tensor.ts";
import type { Attrs, Graph, Node, Shape, Value } from "../src/graph/types.ts";
import { consumers, producers } from "../src/graph/walk.ts";
import { keyOf, type Site } from "../src/lower/pattern.ts";
import { plainNodes, sitesOf } from "../src/lower/sites.ts";
import { flopsOf, isByChannel, type Kernel, movedBytes } from "./kernels.ts";
import type { ProductSize } from "./plain-product.ts";

export const PRODUCTS = ["forward product", "input gradient", "weight gradient"] as const;
export type KernelRole =
  | (typeof PRODUCTS)[number]
  | "layout"
  | "elementwise"
  | "normalization"
  | "reduction"
  | "pooling"
  | "update"
  | "other";

/** A value of the step that several kernels may serve: equal ones have an equal key. */
export interface CostUnit {
  readonly key: string;
  readonly role: KernelRole;
  /** An operator of ONNX, or a name of meanings.ts. */
  readonly of: string;
  readonly shapes: readonly Shape[];
  /** Multiply–accumulates that it cannot do without; 0 where it is no product. */
  readonly macs: number;
  /** One matrix product of as many, where there is one. */
  readonly product?: ProductSize;
  /** Bytes of its operands and its value. */
  readonly bytes: number;
  /** The value's name, by which kernels are counted as one. */
  readonly value: string;
  /** Where formulations can be chosen. */
  readonly site?: Site;
}

/** What a kernel does, for which unit. */
export interface KernelPlace {
  readonly role: KernelRole;
  readonly unit: CostUnit;
}

const meaningRoles: Readonly<Record<MeaningName, KernelRole>> = {
  Conv: "forward product",
  ConvInputGradient: "input gradient",
  ConvWeightGradient: "weight gradient",
  ReluGradient: "elementwise",
  MaxPoolGradient: "pooling",
  AveragePoolGradient: "pooling",
  PutBack: "layout",
  CubeRoot: "elementwise",
  ChannelDot: "reduction",
  ChannelSum: "normalization",
};

const familyRoles: Readonly<Record<keyof typeof families, KernelRole>> = {
  elementwise: "elementwise",
  linear: "other",
  convolution: "other",
  pooling: "pooling",
  normalization: "normalization",
  reduction: "reduction",
  movement: "layout",
  recurrent: "other",
  sampling: "other",
  selection: "other",
};

/** Operators that the runtime makes of those of the table, and of which they are a kind. */
const runtimeOps: Readonly<Record<string, KernelRole>> = {
  ReorderInput: "layout",
  ReorderOutput: "layout",
  SkipLayerNormalization: "normalization",
  SimplifiedLayerNormalization: "normalization",
  BiasGelu: "elementwise",
  FastGelu: "elementwise",
  Gelu: "elementwise",
  QuickGelu: "elementwise",
  BiasSoftmax: "reduction",
};

function roleOfOp(op: string): KernelRole {
  const family = Object.entries(families).find(([, table]) => Object.hasOwn(table, op))?.[0];
  return family ? familyRoles[family as keyof typeof families] : (runtimeOps[op] ?? "other");
}

/** Where nodes of a pass have their names from. */
const [FORWARD, BACKWARD] = ["forward/", "backward/"];

/**
 * Says of each kernel what it is there for.
 * @param graph the portable graph of the step: its nodes' names are those of what they are lowered to, or what these begin with
 */
export function kernelPlaces(graph: Graph): (kernel: Kernel) => KernelPlace {
  const units = unitsOf(graph);
  const updates = new Set(
    graph.nodes.flatMap(({ name }) => (name.startsWith(FORWARD) || name.startsWith(BACKWARD) ? [] : [firstOf(name)])),
  );
  return (kernel) => {
    const unit = above(kernel.name, units);
    if (unit) return { unit, role: roleIn(unit, kernel) };
    const update = kernel.name.includes("/") && updates.has(firstOf(kernel.name));
    return alone(kernel, update ? "update" : roleOfOp(kernel.op));
  };
}

const firstOf = (name: string): string => name.slice(0, name.indexOf("/"));

/** What a name or the beginning of it stands for. */
function above<T>(name: string, known: ReadonlyMap<string, T>): T | undefined {
  for (let n = name; n; n = n.slice(0, Math.max(0, n.lastIndexOf("/")))) if (known.has(n)) return known.get(n);
  return undefined;
}

/** A product's kernels that multiply nothing lay out what it multiplies. */
function roleIn(unit: CostUnit, kernel: Kernel): KernelRole {
  if (unit.macs === 0) return unit.role;
  const whole = !unit.site || groupOf(unit.site) === 1;
  return flopsOf(kernel) === undefined || (whole && isByChannel(kernel)) ? "layout" : unit.role;
}

/** A kernel that is no part of a larger value. */
function alone(kernel: Kernel, role: KernelRole): KernelPlace {
  const { name, op, inputs, outputs } = kernel;
  const bytes = role === "layout" ? movedBytes(kernel) : kernel.bytes;
  const shapes = inputs.filter((s) => size(s) > 1).slice(0, 2);
  return {
    role,
    unit: {
      key: `${role} ${op} ${JSON.stringify([inputs, outputs])}`,
      role,
      of: op,
      shapes,
      macs: 0,
      bytes,
      value: name,
    },
  };
}

/** By the names of the nodes that make them. */
function unitsOf(graph: Graph): Map<string, CostUnit> {
  const makes = producers(graph);
  const units = new Map<string, CostUnit>();
  for (const site of sitesOf(graph)) {
    const unit = siteUnit(site);
    for (const node of plainNodes(site, makes)) units.set(node.name, unit);
  }
  const leads = leadingToProducts(graph);
  for (const node of graph.nodes)
    if (macsOf(node) > 0 && !units.has(node.name)) units.set(node.name, productUnit(node, leads));
  return units;
}

const bytesOf = (values: readonly Value[]): number => values.reduce((sum, { shape }) => sum + 4 * size(shape), 0);

function siteUnit(site: Site): CostUnit {
  const inputs = site.inputs as readonly Value[];
  const { of, output } = site;
  const told = { key: keyOf(site), role: meaningRoles[of], of, value: output.name, site };
  const shapes = inputs.slice(0, 2).map((v) => v.shape);
  const rest = { shapes, bytes: bytesOf([...inputs, output]) };
  const layer = convolutionOf(site);
  if (!layer) return { ...told, ...rest, macs: 0 };
  const { positions, w, group } = layer;
  const [m, c] = [w[0], size(w.slice(1))];
  // forward [positions, C·k]·[C·k, M]; dX [positions, M]·[M, C·k]; dW [M, positions]·[positions, C·k]
  const product: Readonly<Record<string, ProductSize>> = {
    Conv: { pairs: 1, m: positions, k: c, n: m },
    ConvInputGradient: { pairs: 1, m: positions, k: m, n: c },
    ConvWeightGradient: { pairs: 1, m, k: positions, n: c },
  };
  return { ...told, ...rest, macs: positions * m * c, ...(group === 1 && { product: product[of] }) };
}

const groupOf = ({ attrs }: Site): number => Number((attrs as Attrs).group ?? 1);

/** Of a convolution or a gradient of it: samples times positions of Y, and the shape of W. */
function convolutionOf(site: Site): { positions: number; w: Shape; group: number } | undefined {
  const [first, second] = site.inputs as readonly Value[];
  const group = groupOf(site);
  const of = (y: Shape, w: Shape) => ({ positions: size(y) / y[1], w, group });
  if (site.of === "Conv") return of(site.output.shape, second.shape);
  if (site.of === "ConvInputGradient") return of(first.shape, second.shape);
  if (site.of === "ConvWeightGradient") return of(second.shape, site.output.shape);
  return undefined;
}

/** A product that stands in the graph as such. */
function productUnit(node: Node, leads: ReadonlySet<Node>): CostUnit {
  const [a, b] = node.inputs as readonly Value[];
  const y = node.outputs[0] ?? a;
  const macs = macsOf(node);
  const [n, rows] = [y.shape.at(-1) ?? 1, y.shape.at(-2) ?? 1];
  const batched = b.shape.length > 2;
  const m = batched ? rows : size(y.shape) / n;
  const product = { pairs: batched ? size(y.shape) / rows / n : 1, m, k: macs / size(y.shape), n };
  const role = node.name.startsWith(FORWARD)
    ? "forward product"
    : leads.has(node)
      ? "input gradient"
      : "weight gradient";
  return {
    ...{
      key: `${role} ${node.op} ${a.shape} ${b.shape}`,
      role,
      of: node.op,
      shapes: [a.shape, b.shape],
      macs,
      value: y.name,
    },
    bytes: bytesOf([a, b, y]),
    ...(isMatrixProduct(node) && { product }),
  };
}

const isMatrixProduct = ({ op, domain }: Node): boolean => domain === "" && Object.hasOwn(families.linear, op);

/** Nodes behind which another product follows: in the backward pass, a gradient that goes further back and is none of a weight. */
function leadingToProducts(graph: Graph): Set<Node> {
  const reads = consumers(graph);
  const leads = new Set<Node>();
  for (const node of graph.nodes.toReversed()) {
    const next = node.outputs.flatMap((v) => (v ? (reads.get(v) ?? []) : []));
    if (next.some((n) => leads.has(n) || macsOf(n) > 0)) leads.add(node);
  }
  return leads;
}
