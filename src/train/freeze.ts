/** What training leaves as it is: constants (masks, factors, tables of positions), and what the caller froze. */
import { nodes } from "../graph/nodes.ts";
import { roles } from "../graph/roles.ts";
import { storedMatching } from "../graph/stored-matching.ts";
import type { Graph, Model } from "../graph/types.ts";
import { option, say, type Words } from "../message.ts";
import { marksOf } from "../onnx/marks.ts";
import { parameters } from "../step/parameters.ts";

/** Which stored tensors are trained. Patterns are of names, or of operators that read them: "op:Conv". */
export interface Selection {
  /** Stay as they are, whatever they are. */
  readonly freeze?: readonly string[];
  /** Are trained, whatever they are, and nothing else is. */
  readonly trainOnly?: readonly string[];
}

/** Why a stored tensor stays as it is. */
interface Stay {
  readonly why: string;
  /** The caller said so. */
  readonly asked: boolean;
}

/** What stays, by name. */
export type Stays = ReadonlyMap<string, Stay>;

/**
 * What training leaves as it is, by name, with the reason: with `trainOnly` all that it does not name; else the constants (`roles`);
 * and what `freeze` names. Running statistics follow the data, but those that `freeze` names and, with `trainOnly`, those of a
 * normalization of which nothing is trained.
 * @throws UsageError naming a pattern that matches nothing, and the nearest name
 */
export function frozen(model: Model, { freeze = [], trainOnly }: Selection): Stays {
  const { graph } = model;
  const found = new Map<string, Stay>();
  const ask = (name: string, why: string) => void found.set(name, { why, asked: true });
  if (trainOnly) {
    const wanted = storedMatching(graph, trainOnly, "trainOnly");
    for (const { name } of parameters(graph).trained) if (!wanted.has(name)) ask(name, "trainOnly leaves it out");
    for (const name of idleStatistics(graph, wanted)) ask(name, "of a normalization that trainOnly leaves out");
  } else
    for (const [{ name }, { learns, why }] of roles(graph, marksOf(model)))
      if (!learns) found.set(name, { why, asked: false });
  for (const name of storedMatching(graph, freeze, "freeze")) ask(name, "frozen");
  return found;
}

const SHOWN = 3;

/** What to tell of the constants among what stays to whoever trains it; undefined when there is nothing to tell. */
export function constantsNote(stays: Stays): Words | undefined {
  const found = [...stays].filter(([, { asked }]) => !asked);
  if (found.length === 0) return undefined;
  const shown = found.slice(0, SHOWN).map(([name, { why }]) => `${name} (${why})`);
  const rest = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : "";
  return say`taken for constants, not trained: ${shown.join(", ")}${rest}. ${option("trainOnly")} says otherwise`;
}

/** Running statistics of nodes that read nothing that is wanted. */
function idleStatistics(graph: Graph, wanted: ReadonlySet<string>): string[] {
  const running = new Set(parameters(graph).running);
  const idle = graph.nodes.filter((n) => !n.inputs.some((v) => v && wanted.has(v.name)));
  return idle.flatMap((n) => n.inputs.flatMap((v) => (v && running.has(v) ? [v.name] : [])));
}

/**
 * The graph with the named initializers as constants: nothing trains them, no group with them can die. A batch
 * normalization whose running statistics are frozen normalizes by them in training as well.
 */
export function freezeParameters(graph: Graph, names: { has(name: string): boolean }): Graph {
  const stored = [...graph.initializers];
  const constants = stored
    .filter(([v]) => names.has(v.name))
    .map(([v, t]) => nodes.Constant(v.name, [], { value: t }, v));
  if (constants.length === 0) return graph;
  return {
    ...graph,
    initializers: new Map(stored.filter(([v]) => !names.has(v.name))),
    nodes: [...constants, ...graph.nodes],
  };
}
