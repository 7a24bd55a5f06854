/** A graph that is to stop for exchanges, as several: each runs as far as what it has been given allows. */
import type { Graph, Meaning, Node, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import type { Exchange } from "./exchange.ts";

/** A graph, and what is exchanged when it has run. */
export interface Stage {
  readonly graph: Graph;
  readonly exchanges: readonly Exchange[];
}

/**
 * Values that a later stage reads are outputs of the stage that makes them and inputs there, by their own names.
 * @param graph with an output `own` and inputs `gives` for each exchange
 */
export function stages(graph: Graph, exchanges: readonly Exchange[]): Stage[] {
  const kept = exchanges.filter(({ gives }) => isRead(graph, gives));
  const dropped = new Set(exchanges.filter((e) => !kept.includes(e)).map(({ own }) => own));
  const whole = withoutUnread({ ...graph, outputs: graph.outputs.filter((v) => !dropped.has(v.name)) });
  const levels = levelsOf(whole, kept);
  const count = 1 + Math.max(0, ...kept.map(({ own }) => 1 + levels.named(own)), ...whole.nodes.map(levels.of));
  return Array.from({ length: count }, (_, i) => ({
    graph: stageAt(whole, i, levels.of),
    exchanges: kept.filter(({ own }) => levels.named(own) === i),
  }));
}

const isRead = ({ nodes }: Graph, names: readonly string[]): boolean =>
  nodes.some(({ inputs }) => inputs.some((v) => v && names.includes(v.name)));

/** In which stage each node runs: as early as it can. */
function levelsOf({ nodes }: Graph, exchanges: readonly Exchange[]) {
  const ownOf = new Map(exchanges.flatMap(({ own, gives }) => gives.map((name) => [name, own] as const)));
  const levels = new Map<string, number>();
  const named = (name: string): number => {
    const own = ownOf.get(name);
    return own === undefined ? (levels.get(name) ?? 0) : 1 + levels.get(own)!;
  };
  const of = ({ inputs }: Node): number => inputs.reduce((most, v) => Math.max(most, v ? named(v.name) : 0), 0);
  for (const node of nodes) for (const v of node.outputs) if (v) levels.set(v.name, of(node));
  return { named, of };
}

function stageAt(graph: Graph, stage: number, levelOf: (node: Node) => number): Graph {
  const { initializers, meanings = new Map<Value, Meaning>() } = graph;
  const nodes = graph.nodes.filter((n) => levelOf(n) === stage);
  const makes = new Set(nodes.flatMap((n) => n.outputs.filter((v) => v !== null)));
  const reads = (some: readonly Node[]) =>
    new Set(
      some.flatMap((n) => [
        ...n.inputs.filter((v) => v !== null),
        ...n.outputs.flatMap((v) => (v && meanings.get(v)?.inputs) ?? []),
      ]),
    );
  const own = reads(nodes);
  const later = reads(graph.nodes.filter((n) => levelOf(n) > stage));
  return {
    ...graph,
    name: `${graph.name} ${stage}`,
    nodes,
    inputs: [...own].filter((v) => !makes.has(v) && !initializers.has(v)),
    initializers: new Map([...initializers].filter(([v]) => own.has(v))),
    outputs: [...new Set([...graph.outputs, ...later])].filter((v) => makes.has(v)),
    meanings: new Map([...meanings].filter(([v]) => makes.has(v))),
  };
}
