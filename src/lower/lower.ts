/**
 * A portable graph → the same for a target: wherever it says what a value is (`Graph.meanings`), the value is computed by
 * the formulation that the target prefers. Everything else stays as it is.
 */
import { EspalierError } from "../error.ts";
import { type Builder, builder } from "../graph/builder.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { producers, withoutUnread } from "../graph/walk.ts";
import { withOutputNames } from "./output-names.ts";
import { type Formulation, keyOf, PLAIN, type Site } from "./pattern.ts";
import { inPieces } from "./pieces.ts";
import { withFusedProducts } from "./products.ts";
import { withEqualRanks } from "./ranks.ts";
import { builderWithoutNodes } from "./rebuilt.ts";
import { withSharedConstants } from "./shared-constants.ts";
import { emitOn, formulationsOf, patternOf, plainNodes, sitesOf } from "./sites.ts";
import { withSumsInSteps } from "./sums.ts";
import { type Target, targetRuns } from "./target.ts";
import { withFastTransposes } from "./transposes.ts";

/** A plan: formulations by the sites' keys (`keyOf`); "plain" leaves a site as it is. */
export type FormulationPlan = Readonly<Record<string, string>>;

/**
 * @param graph nodes in topological order; it stays as it is
 * @param choices a plan; sites that it does not mention go by the target's thresholds
 * @returns a graph with the same inputs and outputs, pruned, without meanings
 * @throws EspalierError when the plan asks for a formulation that there is not, or that is not right for its site
 */
export function lower(graph: Graph, target: Target, choices: FormulationPlan = {}): Graph {
  const g = builderWithoutNodes(graph);
  const makes = producers(graph);
  const sites = new Map(sitesOf(graph).map((site) => [site.output, site]));
  for (const node of graph.nodes) {
    const site = node.outputs[0] ? sites.get(node.outputs[0]) : undefined;
    const made =
      site && g.scope(node.name, () => emitSite(g, site, target, choices[keyOf(site)] ?? wished(site, target, makes)));
    if (made) g.replace(site.output, made);
    else g.add(node);
  }
  const lowered = withoutUnread({ ...g.build(), outputs: graph.outputs });
  if (!target.thresholds) return lowered;
  const products = withFusedProducts(withSumsInSteps(lowered, target), target);
  const fast = withFastTransposes(withSharedConstants(products));
  return withOutputNames(withEqualRanks(inPieces(fast, target)));
}

/** Formulations to try in order; the plain one where none is left. */
type Wish = readonly Formulation[];

/** The site's value by a wish, or by the formulation that a plan names; undefined = the plain one. */
function emitSite(g: Builder, site: Site, target: Target, wish: Wish | string): Value | undefined {
  if (wish === PLAIN) return undefined;
  for (const f of typeof wish === "string" ? named(site, target, wish) : wish) {
    const made = emitOn(g, site, target, f);
    if (made) return made;
  }
  if (typeof wish !== "string") return undefined; // where the target lacks what every formulation needs, its runtime says so
  throw new EspalierError(
    "unknown-name",
    `${site.of} has no formulation "${wish}" here`,
    { value: site.output.name, site: keyOf(site), wanted: formulationsOf(site, target).join(", ") },
    "make the plan again for this model and device",
  );
}

const isRight = (f: Formulation, site: Site, target: Target): boolean => f.applies?.(site, target) !== false;

function named(site: Site, target: Target, name: string): Wish {
  const pattern = patternOf(site);
  return Object.hasOwn(pattern, name) && isRight(pattern[name], site, target) ? [pattern[name]] : [];
}

/** What the thresholds prefer; then, if the target lacks an operator of the plain formulation, whatever runs. */
function wished(site: Site, target: Target, makes: ReadonlyMap<Value, Node>): Wish {
  const right = Object.values(patternOf(site)).filter((f) => isRight(f, site, target));
  const { thresholds } = target;
  const preferred = right.filter((f) => thresholds && f.preferred?.(site, thresholds));
  const runs = plainNodes(site, makes).every((n) => targetRuns(target, n));
  return runs ? preferred : [...preferred, ...right];
}

/** The name of the formulation that a site gets where no plan mentions it. */
export function preferenceOf(graph: Graph, site: Site, target: Target): string {
  const wish = wished(site, target, producers(graph)).find((f) => emitOn(builder(), site, target, f));
  return Object.entries(patternOf(site)).find(([, f]) => f === wish)?.[0] ?? PLAIN;
}
