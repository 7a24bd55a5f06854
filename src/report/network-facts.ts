/** What a box of a network's picture says when it is asked: everything that is known of an operator or a block. */
import { count, counted, percent } from "./format.ts";
import { html, type Markup } from "./markup.ts";
import type { DrawnNode } from "./network.ts";
import type { Block, Leaf } from "./network-blocks.ts";
import { totals } from "./network-cards.ts";
import { pairs } from "./page.ts";

const of = (part: number, whole: number): string => `${count(part)} of ${count(whole)} (${percent(part / whole, 1)})`;

type Row = readonly [string, string];
const row = (name: string, value: string | false): readonly Row[] =>
  value === false || value === "" ? [] : [[name, value]];

const pane = (id: string, title: string, name: string, rows: readonly Row[], more: Markup | string): Markup =>
  html`<div class="facts" id="f${id}" popover><h3>${title}</h3>${name ? html`<p class="name">${name}</p>` : ""}${pairs(rows)}${more}</div>`;

const list = (title: string, entries: readonly string[]): Markup | string =>
  entries.length > 0 ? html`<h4>${title}</h4><ul>${entries.map((e) => html`<li>${e}</li>`)}</ul>` : "";

/** Of one node. */
export function leafFacts({ id }: Leaf, node: DrawnNode): Markup {
  const rows = [
    ...row("makes", node.shape),
    ...row("module", node.module.join(".")),
    ...row("weight", node.weight ?? ""),
    ...row("parameters", node.params > 0 && count(node.params)),
    ...row("multiply-adds", node.macs > 0 && count(node.macs)),
    ...row("inputs zero", node.groups > 0 && of(node.zeroGroups, node.groups)),
    ...row("outputs removable now", node.channels > 0 && of(node.removable, node.channels)),
    ...row("in removable groups", node.params > 0 && of(node.removableParams, node.params)),
  ];
  const stored = node.stored.map(
    (t) => `${t.name} ${t.shape} ${t.dtype}: ${t.learns ? "trained" : "frozen"}, ${t.why}`,
  );
  return pane(
    id,
    node.op,
    node.name,
    rows,
    html`${list("stored", stored)}${list("outputs that must stay", node.obstacles)}${list("zero, but kept", node.kept)}`,
  );
}

/** How many layers are named whose channels must stay. */
const MOST_NAMED = 8;

/** Of a block. */
export function blockFacts({ id, label, nodes: inside }: Block, nodes: readonly DrawnNode[], all: number): Markup {
  const own = inside.map((n) => nodes[n]);
  const t = totals(own);
  const staying = own.filter((n) => n.obstacles.length > 0);
  const named = staying.slice(0, MOST_NAMED).map((n) => `${n.name}: ${n.obstacles.join("; ")}`);
  const rows = [
    ...row("operators", count(t.operators)),
    ...row("parameters", t.params > 0 && of(t.params, all)),
    ...row("multiply-adds", t.macs > 0 && count(t.macs)),
    ...row("inputs zero", t.groups > 0 && of(t.zeroGroups, t.groups)),
    ...row("in removable groups", t.params > 0 && of(t.removableParams, t.params)),
    ...row("frozen", t.frozen > 0 && `${count(t.frozen)} numbers`),
  ];
  const kinds = t.kinds.map(([op, times]) => counted(times, op)).join(", ");
  const more = staying.length > named.length ? [`and ${count(staying.length - named.length)} more`] : [];
  return pane(id, label, kinds, rows, list("layers whose outputs must stay", [...named, ...more]));
}
