/**
 * A portable graph → the same for a target: wherever it says what a value is (`Graph.meanings`), the value is computed by
 * the formulation that the target prefers. Everything else stays as it is.
 */
import { EspalierError } from "../error.ts";
import { type Builder, builder } from "../graph/builder.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { producers, prune } from "../graph/walk.ts";
import { type Formulation, keyOf, PLAIN, type Site } from "./pattern.ts";
import { emitOn, optionsOf, patternOf, plainNodes, sitesOf } from "./sites.ts";
import { has, type Target } from "./target.ts";

/** A plan: formulations by the sites' keys (`keyOf`); "plain" leaves a site as it is. */
export type Choices = Readonly<Record<string, string>>;

/**
 * @param graph nodes in topological order; it stays as it is
 * @param choices a plan; sites that it does not mention go by the target's thresholds
 * @returns a graph with the same inputs and outputs, pruned, without meanings
 * @throws EspalierError when the plan asks for a formulation that there is not, or that is not right for its site
 */
export function lower(graph: Graph, target: Target, choices: Choices = {}): Graph {
  const { meanings, ...plain } = graph;
  const g = builder(graph.name, { ...plain, nodes: [] });
  g.reserve(namesIn(graph));
  const makes = producers(graph);
  const sites = new Map(sitesOf(graph).map((site) => [site.output, site]));
  for (const node of graph.nodes) {
    const site = node.outputs[0] ? sites.get(node.outputs[0]) : undefined;
    const made = site && g.scope(node.name, () => emitSite(g, site, target, choices[keyOf(site)], makes));
    if (made) g.replace(site.output, made);
    else g.add(node);
  }
  return prune({ ...g.build(), outputs: graph.outputs });
}

/** The site's value by the formulation that is asked for or preferred; undefined = the plain one. */
function emitSite(
  g: Builder,
  site: Site,
  target: Target,
  choice: string | undefined,
  makes: ReadonlyMap<Value, Node>,
): Value | undefined {
  if (choice === PLAIN) return undefined;
  const pattern = patternOf(site);
  const isRight = (f: Formulation) => f.applies?.(site, target) !== false;
  if (choice !== undefined) {
    const asked = Object.hasOwn(pattern, choice) && isRight(pattern[choice]) ? pattern[choice] : undefined;
    const made = asked && emitOn(g, site, target, asked);
    if (made) return made;
    throw new EspalierError(
      `${site.of} has no formulation "${choice}" here`,
      { value: site.output.name, site: keyOf(site), wanted: optionsOf(site, target).join(", ") },
      "make the plan again for this model and device",
    );
  }
  const formulations = Object.values(pattern).filter(isRight);
  const { thresholds } = target;
  const preferred = formulations.filter((f) => thresholds && f.preferred?.(site, thresholds));
  const runs = plainNodes(site, makes).every((n) => has(target, n.op, n.domain));
  for (const f of runs ? preferred : new Set([...preferred, ...formulations])) {
    const made = emitOn(g, site, target, f);
    if (made) return made;
  }
  return undefined; // where the target lacks what every formulation needs, its runtime says so
}

function* namesIn(graph: Graph): Generator<string> {
  for (const n of graph.nodes) for (const o of n.outputs) if (o) yield o.name;
}
