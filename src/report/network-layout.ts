/** Layouts of a network's blocks, each by itself and with every block inside it closed, by dagre. */
import type { DrawnNode } from "./network.ts";
import type { Plan } from "./network-arrange.ts";
import { type Block, isBlock, type Leaf } from "./network-blocks.ts";

/** Where values come into a block, or go out of it. */
export interface Port {
  readonly id: string;
  readonly into: boolean;
  /** The nodes that make what passes. */
  readonly of: readonly number[];
}

/** A block laid out: its items, then its ports, as the plan numbers them. */
export interface LaidOut {
  readonly block: Block;
  readonly ports: readonly Port[];
  readonly plan: Plan;
}

/** More values than this share one port. */
const MOST_PORTS = 3;

/** What a box takes, closed: width and height in px. */
type SizeOf = (box: Block | Leaf | Port) => readonly [number, number];

/** A block and all that are inside it; the library is loaded with the first picture. */
export async function laidOut(root: Block, nodes: readonly DrawnNode[], sizeOf: SizeOf): Promise<LaidOut[]> {
  const dagre = await import("@dagrejs/dagre");
  const readers = nodes.map((): number[] => []);
  for (const [n, { reads }] of nodes.entries()) for (const from of reads) readers[from].push(n);
  const of = (block: Block): LaidOut[] => {
    const inside = block === root ? [] : portsOf(block, nodes, readers);
    const made = { block, ports: inside, plan: planOf(block, inside, nodes, sizeOf, dagre) };
    return [made, ...block.items.filter((item) => isBlock(item)).flatMap(of)];
  };
  return of(root);
}

function portsOf(
  { id, nodes: own }: Block,
  nodes: readonly DrawnNode[],
  readers: readonly (readonly number[])[],
): Port[] {
  const inside = new Set(own);
  const sources = new Set(own.flatMap((n) => nodes[n].reads.filter((from) => !inside.has(from))));
  const leaving = own.filter((n) => readers[n].some((reader) => !inside.has(reader)));
  const ports = (of: readonly number[], into: boolean): Port[] =>
    (of.length > MOST_PORTS ? [of] : of.map((n) => [n])).map((some, i) => ({
      id: `${id}${into ? "i" : "o"}${i}`,
      into,
      of: some,
    }));
  return [...ports([...sources], true), ...ports(leaving, false)];
}

function planOf(
  { items }: Block,
  ports: readonly Port[],
  nodes: readonly DrawnNode[],
  sizeOf: SizeOf,
  { Graph, layout }: typeof import("@dagrejs/dagre"),
): Plan {
  const boxes = [...items, ...ports];
  const at = new Map(
    items.flatMap((item, i) => (isBlock(item) ? item.nodes : [item.node]).map((n) => [n, i] as const)),
  );
  const edges = new Map<string, { from: number; to: number; values: number }>();
  const connect = (from: number, to: number) => {
    const edge = edges.get(`${from} ${to}`) ?? { from, to, values: 0 };
    edge.values++;
    edges.set(`${from} ${to}`, edge);
  };
  const port = new Map(ports.flatMap(({ into, of }, i) => of.map((n) => [`${into} ${n}`, items.length + i] as const)));
  for (const [n, to] of at) {
    for (const from of nodes[n].reads) {
      const source = at.get(from) ?? port.get(`true ${from}`)!;
      if (source !== to) connect(source, to);
    }
    const out = port.get(`false ${n}`);
    if (out !== undefined) connect(to, out);
  }

  const graph = new Graph();
  graph.setGraph({ rankdir: "TB", nodesep: 22, edgesep: 14, ranksep: 30, marginx: 8, marginy: 8 });
  for (const [i, box] of boxes.entries()) {
    const [width, height] = sizeOf(box);
    graph.setNode(String(i), { width, height });
  }
  for (const { from, to, values } of edges.values())
    graph.setEdge(String(from), String(to), { weight: Math.min(values, 4) });
  layout(graph);
  const tenth = (x: number) => Math.round(x * 10) / 10;
  const { width = 0, height = 0 } = graph.graph();
  return {
    size: [tenth(width), tenth(height)],
    boxes: boxes.map((_, i) => {
      const { x, y, width, height } = graph.node(String(i));
      return [tenth(x), tenth(y), width, height];
    }),
    edges: [...edges.values()].map(({ from, to }) => {
      const { points } = graph.edge(String(from), String(to));
      return [from, to, points.slice(1, -1).flatMap((p: { x: number; y: number }) => [tenth(p.x), tenth(p.y)])];
    }),
  };
}
