/** Where a graph computes something that can be computed in several ways. */
import { type Builder, builder } from "../graph/builder.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { producers } from "../graph/walk.ts";
import { patterns } from "./formulations/index.ts";
import { type Formulation, type Pattern, PLAIN, type Site } from "./pattern.ts";
import { type Target, targetRuns } from "./target.ts";

/** Every site of a graph, in the order of its nodes. What only serves to compute a site is none. */
export function sitesOf(graph: Graph): Site[] {
  const makes = producers(graph);
  const found = graph.nodes.flatMap((node) => siteOf(node, node.outputs[0], graph.meanings) ?? []);
  const inner = new Set(found.flatMap((site) => plainNodes(site, makes).slice(0, -1)));
  return found.filter((site) => !inner.has(makes.get(site.output)!));
}

/** The site of a node's value, if its meaning is one that has formulations. */
function siteOf(node: Node, v: Value | null, meanings: Graph["meanings"]): Site | undefined {
  if (!v) return undefined;
  const inputs = node.inputs.filter((x) => x !== null);
  const meaning = meanings?.get(v) ?? (node.domain === "" ? { of: node.op, inputs, attrs: node.attrs } : undefined);
  if (!meaning || !Object.hasOwn(patterns, meaning.of)) return undefined;
  return { ...(meaning as unknown as Site), output: v }; // its operands: as `Builder.means` or the table checked them
}

/** The formulations of a site beside the plain one, right or not. */
export const patternOf = (site: Site): Pattern => patterns[site.of];

/** Names of the formulations that are right for a site and run on a target, the plain one first. */
export const formulationsOf = (site: Site, target: Target): string[] => [
  PLAIN,
  ...Object.entries(patternOf(site)).flatMap(([name, f]) =>
    f.applies?.(site, target) !== false && emitOn(builder(), site, target, f) ? [name] : [],
  ),
];

/** A formulation's value; undefined when the target lacks an operator. What was emitted in vain is for `withoutUnread`. */
export function emitOn(g: Builder, site: Site, target: Target, f: Formulation): Value | undefined {
  const { nodes } = g.build();
  const before = nodes.length;
  const made = f.emit(g, site, target);
  return nodes.slice(before).every((n) => targetRuns(target, n)) ? made : undefined;
}

/** The nodes that compute a site, up to its inputs; the one that makes its value is the last. */
export function plainNodes({ inputs, output }: Site, makes: ReadonlyMap<Value, Node>): Node[] {
  const given = new Set(inputs as readonly Value[]);
  const nodes = new Set<Node>();
  const visit = (v: Value | null): void => {
    const node = v && !given.has(v) && makes.get(v);
    if (!node || nodes.has(node)) return;
    for (const x of node.inputs) visit(x);
    nodes.add(node);
  };
  visit(output);
  return [...nodes];
}

/**
 * A graph of one site alone: its inputs in, its value out. What a formulation costs and whether it is right is seen here. An operand
 * that follows from the others (the largest elements of x's windows) is computed, as another value would contradict them.
 */
export function extract(graph: Graph, site: Site): Graph {
  const operands = site.inputs as readonly Value[];
  const makes = producers(graph);
  const stored = (v: Value | null): boolean => v === null || graph.initializers.has(v);
  const follows = (v: Value): Node | undefined => {
    const node = makes.get(v);
    return node?.inputs.every((x) => stored(x) || operands.includes(x!)) ? node : undefined;
  };
  const followed = [...new Set(operands.flatMap((v) => follows(v) ?? []))];
  const nodes = [...followed, ...plainNodes(site, makes)];
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const inputs = [...new Set(operands)].filter((v) => !made.has(v) && !stored(v));
  const used = new Set([...operands, ...nodes.flatMap((node) => node.inputs)]);
  const initializers = new Map([...graph.initializers].filter(([v]) => used.has(v)));
  const meanings = new Map([[site.output, { of: site.of, inputs: operands, attrs: site.attrs }]]);
  return { name: site.of, inputs, outputs: [site.output], initializers, nodes, meanings };
}
