/** The boxes of a network's picture: what stands on each, and how large that is. */
import { count, counted, percent, shortCount } from "./format.ts";
import { html, type Markup } from "./markup.ts";
import type { DrawnNode } from "./network.ts";
import { type Block, isBlock, type Leaf } from "./network-blocks.ts";
import type { Port } from "./network-layout.ts";

/** What the nodes of a block have together. */
export interface Totals {
  readonly operators: number;
  readonly params: number;
  readonly removableParams: number;
  readonly frozen: number;
  readonly macs: number;
  readonly groups: number;
  readonly zeroGroups: number;
  /** Operators and how often, those with the most parameters first. */
  readonly kinds: readonly (readonly [op: string, times: number])[];
}

export function totals(nodes: readonly DrawnNode[]): Totals {
  const own = nodes.filter((n) => n.kind === "operator");
  const sum = (of: "params" | "removableParams" | "frozen" | "macs" | "groups" | "zeroGroups") =>
    own.reduce((n, node) => n + node[of], 0);
  const kinds = new Map<string, { times: number; params: number }>();
  for (const { op, params } of own) {
    const kind = kinds.get(op) ?? { times: 0, params: 0 };
    kinds.set(op, { times: kind.times + 1, params: kind.params + params });
  }
  return {
    operators: own.length,
    params: sum("params"),
    removableParams: sum("removableParams"),
    frozen: sum("frozen"),
    macs: sum("macs"),
    groups: sum("groups"),
    zeroGroups: sum("zeroGroups"),
    kinds: [...kinds]
      .sort(([, a], [, b]) => b.params - a.params || b.times - a.times)
      .map(([op, { times }]) => [op, times] as const),
  };
}

/** What an open block takes, in px, for what is inside: that, a head above and a margin; never so little that its head cannot be read. */
export const openSize = ([width, height]: readonly [number, number]): readonly [number, number] => [
  Math.max(width + 20, 320),
  height + 50,
];
const BLOCK = [264, 96] as const;

/** About what a line of text takes at 12 px; longer ones are cut. */
const wide = (text: string): number => Math.ceil(7.7 * [...text].length);
const between = (least: number, x: number, most: number): number => Math.min(Math.max(least, x), most);

/** A value of several axes is worth saying where an operator changed them. */
const shapeLine = (node: DrawnNode): string => (node.reshapes ? `→ ${node.shape}` : "");

const learns = ({ params, frozen }: DrawnNode): boolean => params > frozen;

/** What is to be seen at once. */
function marks(node: DrawnNode): [className: string, text: string][] {
  const { zeroGroups, groups, obstacles, frozen } = node;
  return [
    ...(zeroGroups > 0 ? [["zero", `${count(zeroGroups)} of ${count(groups)} zero`] as [string, string]] : []),
    ...(obstacles.length > 0 ? [["stays", "outputs stay"] as [string, string]] : []),
    ...(frozen > 1 ? [["frozen", "frozen"] as [string, string]] : []),
  ];
}

/** The lines of an operator's box: what stands left, and right. */
function lines(node: DrawnNode, { label }: Leaf): [left: string, right: string][] {
  if (node.kind !== "operator") return [[node.shape, ""]];
  const name = label.toLowerCase() === node.op.toLowerCase() || /^\w+_\d+$/.test(label) ? "" : label;
  const second: [string, string] = [
    name || (node.params === 0 ? "" : learns(node) ? "parameters" : "constants"),
    node.params > 0 ? shortCount(node.params) : "",
  ];
  return [
    ...(second.some(Boolean) ? [second] : []),
    ...(node.reshapes ? [[shapeLine(node), ""] as [string, string]] : []),
  ];
}

/** What a box takes while it is closed. */
export function boxSize(box: Block | Leaf | Port, nodes: readonly DrawnNode[]): readonly [number, number] {
  if ("into" in box) return [between(60, wide(portText(box, nodes)) + 16, 260), 22];
  if (isBlock(box)) return BLOCK;
  const node = nodes[box.node];
  const all = lines(node, box);
  const head = wide(node.kind === "operator" ? node.op : node.name) * 1.35 + (node.weight ? wide(node.weight) + 16 : 0);
  const marked = marks(node).reduce((w, [, text]) => w + wide(text) + 14, 0);
  const widest = Math.max(head, marked, ...all.map(([left, right]) => wide(left) + (right ? wide(right) + 16 : 0)));
  return [between(84, widest + 32, 280), 28 + 18 * all.length + (marked > 0 ? 24 : 0)];
}

const portText = ({ of }: Port, nodes: readonly DrawnNode[]): string =>
  of.length === 1 ? nodes[of[0]].shape : counted(of.length, "value");

/** Where a box stands. */
export const placed = ([left, top, width, height]: readonly number[]): string =>
  `left:${left.toFixed(1)}px;top:${top.toFixed(1)}px;width:${width.toFixed(1)}px;height:${height.toFixed(1)}px`;

export const portBox = (port: Port, nodes: readonly DrawnNode[], at: readonly number[]): Markup =>
  html`<span class="port" id="${port.id}" style="${placed(at)}" title="${port.into ? "comes from" : "made by"} ${port.of.map((n) => nodes[n].name).join(", ")}">${portText(port, nodes)}</span>`;

const onRight = (text = ""): Markup | string => (text ? html`<span>${text}</span>` : "");

export function leafBox(item: Leaf, node: DrawnNode, at: readonly number[]): Markup {
  const marked = marks(node);
  return html`<button type="button" class="op ${node.family}${learns(node) ? " learns" : ""}" id="${item.id}" style="${placed(at)}" popovertarget="f${item.id}" title="${node.name}">
<span class="line"><b>${node.kind === "operator" ? node.op : node.name}</b>${onRight(node.weight)}</span>
${lines(node, item).map(([left, right]) => html`<span class="line small"><span>${left}</span>${onRight(right)}</span>`)}
${marked.length > 0 ? html`<span class="marks">${marked.map(([name, text]) => html`<span class="mark ${name}">${text}</span>`)}</span>` : ""}</button>`;
}

/**
 * The head of a block: its button, and all that it says while it is closed.
 * @param out what leaves it
 */
export function blockHead(
  block: Block,
  nodes: readonly DrawnNode[],
  all: number,
  open: boolean,
  out: readonly Port[],
): Markup {
  const t = totals(block.nodes.map((n) => nodes[n]));
  const kinds = t.kinds.map(([op, times]) => (times > 1 ? `${times} ${op}` : op)).join(", ");
  const [share, zero] = [t.params / (all || 1), t.zeroGroups / (t.groups || 1)];
  const bar = html`<span class="bar closed"><span style="width:${(100 * share).toFixed(1)}%"><span style="width:${(100 * zero).toFixed(1)}%"></span></span></span>`;
  return html`<button type="button" class="head" aria-expanded="${String(open)}" aria-controls="${block.id}-inside" title="${block.label}">
<span class="line"><b>${block.label}</b><span class="closed">${counted(t.operators, "operator")}</span></span>
<span class="line small closed"><span>${kinds}</span></span>
<span class="line small closed"><span>${out.map((port) => `→ ${portText(port, nodes)}`).join(" ")}</span></span>
<span class="line small"><span>${t.params > 0 ? `${shortCount(t.params)} parameters` : "no parameters"}</span>${onRight(zero > 0 ? `${percent(zero, 0)} zero` : share > 0 ? `${percent(share, 1)} of all` : "")}</span>
${t.params > 0 ? bar : ""}</button>
<button type="button" class="about" popovertarget="f${block.id}" aria-label="about ${block.label}">i</button>`;
}
