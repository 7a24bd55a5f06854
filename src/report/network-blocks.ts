/** The nodes of a network in blocks: by the names of their modules, and where too many stand side by side, in parts. */
import type { DrawnNode } from "./network.ts";

/** One node in its block. */
export interface Leaf {
  readonly id: string;
  /** Its place in the list of nodes. */
  readonly node: number;
  /** Its module's name, where it is all that the module has, or its own. */
  readonly label: string;
}

/** What opens and closes. */
export interface Block {
  readonly id: string;
  readonly label: string;
  readonly items: readonly (Block | Leaf)[];
  /** The places of all nodes inside, in order. */
  readonly nodes: readonly number[];
}

export const isBlock = (item: Block | Leaf): item is Block => "items" in item;

/** More than this side by side nobody can follow, and a layout takes seconds. */
const MOST_ITEMS = 48;
/** How many make a part. */
const PART = 24;

interface Module {
  readonly path: readonly string[];
  readonly items: Map<string, Module | number>;
}

/** All nodes in one block. */
export function nodesInBlocks(nodes: readonly DrawnNode[]): Block {
  const root: Module = { path: [], items: new Map() };
  nodes.forEach(({ module }, i) => {
    let at = root;
    for (const [depth, name] of module.entries()) {
      const known = at.items.get(`module ${name}`) as Module | undefined;
      const next = known ?? { path: module.slice(0, depth + 1), items: new Map() };
      at.items.set(`module ${name}`, next);
      at = next;
    }
    at.items.set(`node ${i}`, i);
  });
  let count = 0;
  const block = (label: string, items: readonly (Block | Leaf)[]): Block => ({
    id: `b${count++}`,
    label,
    items,
    nodes: items.flatMap((item) => (isBlock(item) ? item.nodes : [item.node])).sort((a, b) => a - b),
  });
  const made = (module: Module): Block | Leaf => {
    const label = labelOf(module.path);
    const items = [...module.items.values()].map((item) => (typeof item === "number" ? leaf(item, nodes) : made(item)));
    const [only] = items;
    if (items.length === 1 && module !== root)
      return { ...only, label: isBlock(only) ? joined(label, only.label) : label };
    return block(label, inParts(items, nodes, block));
  };
  const all = made(root);
  return isBlock(all) ? all : block("", [all]);
}

const leaf = (node: number, nodes: readonly DrawnNode[]): Leaf => ({
  id: `n${node}`,
  node,
  label: ownName(nodes[node]),
});

/** "MatMul_1" of "/encoder/MatMul_1", "linear" of "node_linear"; inputs and outputs are called what they are called. */
function ownName({ kind, name }: DrawnNode): string {
  return kind === "operator" ? name.slice(name.lastIndexOf("/") + 1).replace(/^node_(?=.)/, "") : name;
}

/** A module's name, with the names that it is a number of: "layer1.0". */
function labelOf(path: readonly string[]): string {
  const named = path.findLastIndex((name) => !/^\d+$/.test(name));
  return path.slice(Math.max(0, named)).join(".");
}

const joined = (outer: string, inner: string): string => (inner.startsWith(`${outer}.`) ? inner : `${outer}.${inner}`);

/** The items, at most so many: else blocks of those that follow each other, cut where the fewest edges are. */
function inParts(
  items: readonly (Block | Leaf)[],
  nodes: readonly DrawnNode[],
  block: (label: string, items: readonly (Block | Leaf)[]) => Block,
): readonly (Block | Leaf)[] {
  if (items.length <= MOST_ITEMS) return items;
  const crossing = edgesAcross(items, nodes);
  const starts = [0];
  for (let at = PART; at <= items.length - PART / 2; at = starts.at(-1)! + PART) {
    let best = at;
    for (let i = at - PART / 4; i <= Math.min(at + PART / 4, items.length - 1); i++)
      if (crossing[i] < crossing[best]) best = i;
    starts.push(best);
  }
  const parts = starts.map((start, i) => block(`part ${i + 1} of ${starts.length}`, items.slice(start, starts[i + 1])));
  return inParts(parts, nodes, block);
}

/** How many edges go from before each item to it or behind. */
function edgesAcross(items: readonly (Block | Leaf)[], nodes: readonly DrawnNode[]): number[] {
  const at = new Map(
    items.flatMap((item, i) => (isBlock(item) ? item.nodes : [item.node]).map((n) => [n, i] as const)),
  );
  const change = new Array<number>(items.length + 1).fill(0);
  for (const [n, i] of at)
    for (const from of nodes[n].reads) {
      const j = at.get(from);
      if (j === undefined || j >= i) continue;
      change[j + 1]++;
      change[i + 1]--;
    }
  let open = 0;
  return change.map((d) => (open += d));
}

/** Blocks that are open at first: the whole, and the largest ones as long as the picture has few boxes. */
export function openAtFirst(root: Block): Set<string> {
  const open = new Set([root.id]);
  const shown = [...root.items];
  for (;;) {
    const blocks = shown.filter((item) => isBlock(item)).sort((a, b) => b.nodes.length - a.nodes.length);
    const next = blocks.find(({ items }) => shown.length < FEW && shown.length + items.length <= SHOWN);
    if (!next) return open;
    open.add(next.id);
    shown.splice(shown.indexOf(next), 1, ...next.items);
  }
}
const [FEW, SHOWN] = [12, 40];
