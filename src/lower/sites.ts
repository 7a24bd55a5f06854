/** Where a graph computes something that can be computed in several ways. */
import type { Graph, Meaning, Node, Value } from "../graph/types.ts";
import { producers } from "../graph/walk.ts";
import { patterns } from "./formulations/index.ts";
import { type Pattern, PLAIN, type Site } from "./pattern.ts";
import type { Target } from "./target.ts";

/** The site of a value, if its meaning is one that has formulations. */
export function siteOf(v: Value, meaning: Meaning | undefined): Site | undefined {
  if (!meaning || !Object.hasOwn(patterns, meaning.of)) return undefined;
  return { ...(meaning as unknown as Site), output: v }; // `Builder.means` checked the operands
}

/** Every site of a graph, in the order of its nodes. */
export const sitesOf = (graph: Graph): Site[] =>
  graph.nodes.flatMap(({ outputs: [v] }) => (v && siteOf(v, graph.meanings?.get(v))) || []);

/** The formulations of a site beside the plain one, right or not. */
export const patternOf = (site: Site): Pattern => patterns[site.of];

/** Names of the formulations that are right for a site on a target, the plain one first. */
export const optionsOf = (site: Site, target: Target): string[] => [
  PLAIN,
  ...Object.entries(patternOf(site)).flatMap(([name, f]) => (f.applies?.(site, target) === false ? [] : [name])),
];

/** The nodes that compute a site, up to its inputs. */
export function plainNodes({ inputs, output }: Site, makes: ReadonlyMap<Value, Node>): Node[] {
  const given = new Set<Value>(inputs);
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

/** A graph of one site alone: its inputs in, its value out. What a formulation costs and whether it is right is seen here. */
export function extract(graph: Graph, site: Site): Graph {
  const inputs = [...new Set<Value>(site.inputs)];
  const nodes = plainNodes(site, producers(graph));
  const meanings = new Map([[site.output, { of: site.of, inputs: site.inputs, attrs: site.attrs }]]);
  return { name: site.of, inputs, outputs: [site.output], initializers: new Map(), nodes, meanings };
}
