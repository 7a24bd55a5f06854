/** A network as a page: a picture of blocks that open and close, and everything that is to be said beside it. */
import { count, counted, percent } from "./format.ts";
import { html, type Markup, trusted } from "./markup.ts";
import type { DrawnNetwork, DrawnNode } from "./network.ts";
import { arrange } from "./network-arrange.ts";
import { type Block, isBlock, type Leaf, nodesInBlocks, openAtFirst } from "./network-blocks.ts";
import { blockHead, boxSize, leafBox, openSize, placed, portBox, totals } from "./network-cards.ts";
import { blockFacts, leafFacts } from "./network-facts.ts";
import { type LaidOut, laidOut } from "./network-layout.ts";
import { explore, type PagePlan } from "./network-script.ts";
import { networkStyle } from "./network-style.ts";
import { page, table } from "./page.ts";

/** The whole document. It may load nothing and run nothing but its own script, and says so to the browser. */
export async function networkPage(network: DrawnNetwork): Promise<string> {
  const { nodes, groups, frozen, ties, notes, params } = network;
  const root = nodesInBlocks(nodes);
  const plans = await laidOut(root, nodes, (box) => boxSize(box, nodes));
  const script = `${arrange}\nconst openSize=${openSize};\n${explore}\nexplore(document,arrange,openSize);`;
  const all = totals(nodes);
  return page(
    network.title,
    lead(network, plans.length - 1),
    html`<section class="cards">${cards(network)}</section>
<section>
<h2>The network</h2>
${TOOLS}
<div id="stage">${picture(plans, nodes, openAtFirst(root), params)}</div>
</section>
<section>
<h2>Groups</h2>
${table({
  head: ["kind", "groups", "of them zero", "numbers in them", "what dies together"],
  text: [0, 4],
  rows: groups.map((g) => [
    g.kind,
    count(g.groups),
    `${count(g.zero)} (${percent(g.groups ? g.zero / g.groups : 0, 1)})`,
    count(g.weights),
    g.means,
  ]),
})}
<p class="note">${percent(all.params ? all.removableParams / all.params : 0, 1)} of the parameters are in groups that can be removed: they read or make a channel that goes once its group is zero.</p>
</section>
${reasons("Outputs that must stay, whatever their weights", nodes, "obstacles")}
${reasons("Zero, but kept", nodes, "kept")}
${listed("Stored once for several layers, or twice for one", ties)}
${frozen.length > 0 ? html`<section><h2>What is not trained</h2>${table({ head: ["tensor", "shape", "why"], text: [0, 2], rows: frozen.map((f) => [f.name, f.shape, f.why]) })}</section>` : ""}
${listed("Notes", notes)}
${plans.flatMap(({ block }) => [...(block === root ? [] : [blockFacts(block, nodes, params)]), ...block.items.flatMap((i) => (isBlock(i) ? [] : [leafFacts(i, nodes[i.node])]))])}
<script type="application/json" id="plans">${trusted(JSON.stringify(plans.map(pagePlan)))}</script>
<script>${trusted(script)}</script>`,
    {
      style: networkStyle,
      policy: `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${await sha256(script)}'`,
    },
  );
}

async function sha256(text: string): Promise<string> {
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(sum)));
}

const boxesOf = ({ block, ports }: LaidOut) => [...block.items, ...ports];
const pagePlan = (laid: LaidOut): PagePlan => ({
  id: laid.block.id,
  plan: laid.plan,
  boxes: boxesOf(laid).map(({ id }) => id),
});

const TOOLS = html`<div class="tools">
<button type="button" id="open-all">open all</button><button type="button" id="close-all">close all</button>
<p class="keys"><span class="convolution">multiplies by a weight</span><span class="normalization">normalizes</span><span class="elementwise">elementwise</span><span class="pooling">pools, reduces</span><span class="recurrent">recurrent</span><span class="movement">moves</span></p>
<form id="finder"><input id="find" type="search" placeholder="find a name or operator" aria-label="find a name or operator"><button>find</button><span id="found" class="small" role="status"></span></form>
</div>`;

/** The root's inside, with some blocks open. */
function picture(
  plans: readonly LaidOut[],
  nodes: readonly DrawnNode[],
  open: ReadonlySet<string>,
  params: number,
): Markup {
  const byId = new Map(plans.map((p) => [p.block.id, p]));
  const grownSize = (laid: LaidOut) =>
    boxesOf(laid).map(({ id }): readonly [number, number] | undefined => {
      const inner = byId.get(id);
      if (!inner || !open.has(id)) return undefined;
      return openSize(arrange(inner.plan, grownSize(inner)).size);
    });
  const inside = (laid: LaidOut, at?: Block): Markup => {
    const { size, boxes, paths } = arrange(laid.plan, grownSize(laid));
    const drawnItem = (item: Block | Leaf, i: number) =>
      isBlock(item) ? blockBox(item, boxes[i]) : leafBox(item, nodes[item.node], boxes[i]);
    const hidden = at && !open.has(at.id) ? trusted(" hidden") : "";
    return html`<div class="inside" id="${laid.block.id}-inside" style="width:${size[0].toFixed(1)}px;height:${size[1].toFixed(1)}px"${hidden}>
<svg aria-hidden="true">${paths.map((d) => html`<path d="${d}" marker-end="url(#arrow)"/>`)}</svg>
${laid.block.items.map(drawnItem)}${laid.ports.map((p, i) => portBox(p, nodes, boxes[laid.block.items.length + i]))}</div>`;
  };
  const blockBox = (block: Block, at: readonly number[]): Markup =>
    html`<div class="block${open.has(block.id) ? " open" : ""}" id="${block.id}" style="${placed(at)}">${blockHead(
      block,
      nodes,
      params,
      open.has(block.id),
      byId.get(block.id)!.ports.filter((p) => !p.into),
    )}${inside(byId.get(block.id)!, block)}</div>`;
  return html`<svg width="0" height="0" aria-hidden="true"><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M1 1L7 4L1 7" fill="none" stroke="context-stroke"/></marker></defs></svg>
<div id="${plans[0].block.id}">${inside(plans[0])}</div>`;
}

function lead({ opset, sizes, nodes, params, macs }: DrawnNetwork, blocks: number): string {
  const { operators } = totals(nodes);
  const at = sizes ? `, looked at with ${sizes}` : "";
  return `${counted(operators, "operator")} in ${counted(blocks, "block")}, ${count(params)} parameters, ${count(macs)} multiply-adds per example; opset ${opset}${at}.`;
}

function cards({ nodes, frozen, ties }: DrawnNetwork): Markup[] {
  const t = totals(nodes);
  const staying = nodes.filter((n) => n.obstacles.length > 0).length;
  const weighted = nodes.filter((n) => n.weight).length;
  const card = (name: string, value: string, detail: string) =>
    html`<div class="card"><p class="name">${name}</p><p class="value">${value}</p><p class="detail">${detail}</p></div>`;
  return [
    card(
      "parameters in removable groups",
      percent(t.params ? t.removableParams / t.params : 0, 1),
      `of ${count(t.params)} parameters`,
    ),
    card(
      "input channels that are zero",
      percent(t.groups ? t.zeroGroups / t.groups : 0, 1),
      `${count(t.zeroGroups)} of ${count(t.groups)}`,
    ),
    card("layers whose outputs must stay", count(staying), `of ${counted(weighted, "layer")} with a weight`),
    card(
      "not trained",
      counted(frozen.length, "tensor"),
      ties.length > 0
        ? `${counted(ties.length, "tensor")} shared or stored twice`
        : "constants, masks and what is not float32",
    ),
  ];
}

/** Each reason once, with the nodes that it holds for. */
function reasons(title: string, nodes: readonly DrawnNode[], key: "obstacles" | "kept"): Markup | string {
  const by = new Map<string, string[]>();
  for (const node of nodes) for (const why of node[key]) by.set(why, [...(by.get(why) ?? []), node.name]);
  return listed(
    title,
    [...by].map(([why, names]) => `${why}: ${names.join(", ")}`),
  );
}

const listed = (title: string, entries: readonly string[]): Markup | string =>
  entries.length > 0
    ? html`<section><h2>${title}</h2><ul class="why">${entries.map((e) => html`<li>${e}</li>`)}</ul></section>`
    : "";
