import { Window } from "happy-dom";
import { expect, test } from "vitest";
import type { DrawnNetwork, DrawnNode } from "./network.ts";
import { arrange, type Plan } from "./network-arrange.ts";
import { type Block, isBlock, nodesInBlocks } from "./network-blocks.ts";
import { networkPage } from "./network-page.ts";

const node = (name: string, module: string, reads: readonly number[], more: Partial<DrawnNode> = {}): DrawnNode => ({
  kind: "operator",
  op: "Relu",
  name,
  family: "elementwise",
  module: module.split(".").filter(Boolean),
  shape: "batch×4",
  reshapes: false,
  reads,
  params: 0,
  removableParams: 0,
  frozen: 0,
  macs: 0,
  groups: 0,
  zeroGroups: 0,
  channels: 0,
  removable: 0,
  stored: [],
  obstacles: [],
  kept: [],
  ...more,
});

const network = (nodes: readonly DrawnNode[], more: Partial<DrawnNetwork> = {}): DrawnNetwork => ({
  title: "a network",
  opset: 17,
  sizes: "batch 1",
  params: nodes.reduce((n, { params }) => n + params, 0),
  macs: 0,
  nodes,
  groups: [],
  frozen: [],
  ties: [],
  notes: [],
  ...more,
});

/** A block in one line: "a(b c.0(d))". */
const line = (item: Block["items"][number]): string =>
  isBlock(item) ? `${item.label}(${item.items.map(line).join(" ")})` : item.label;

test("blocks are modules; one of a single operator is that operator, and numbers keep the name before them", () => {
  const nodes = [
    node("x", "", [], { kind: "input" }),
    node("/stem/Conv", "stem", [0]),
    node("/layers/layers.0/norm/Mul", "layers.0.norm", [1]),
    node("/layers/layers.0/Add", "layers.0", [2, 1]),
    node("/layers/layers.1/norm/Mul", "layers.1.norm", [3]),
    node("/layers/layers.1/Add", "layers.1", [4, 3]),
    node("/head/act/Relu", "head.act", [5]),
    node("/head/act/Mul", "head.act", [6]),
    node("node_out", "", [7]),
  ];
  expect(line(nodesInBlocks(nodes))).toBe(
    "(x stem layers(layers.0(norm Add) layers.1(norm Add)) head.act(Relu Mul) out)",
  );
});

test("what stands in no module is put in parts that a reader can follow, every node in one of them", () => {
  const nodes = Array.from({ length: 3000 }, (_, i) => node(`n${i}`, "", i === 0 ? [] : [i - 1]));
  const all = (b: Block): Block[] => [b, ...b.items.filter((i) => isBlock(i)).flatMap(all)];
  const blocks = all(nodesInBlocks(nodes));
  expect(Math.max(...blocks.map((b) => b.items.length))).toBeLessThanOrEqual(48);
  const leaves = blocks.flatMap((b) => b.items.flatMap((i) => (isBlock(i) ? [] : [i.node])));
  expect(leaves.toSorted((a, b) => a - b)).toEqual(nodes.map((_, i) => i));
});

/** Two rows of two boxes, and one below. */
const plan: Plan = {
  size: [220, 200],
  boxes: [
    [55, 25, 90, 30],
    [165, 25, 90, 30],
    [55, 85, 90, 30],
    [165, 85, 90, 30],
    [110, 145, 90, 30],
  ],
  edges: [
    [0, 2, []],
    [0, 4, [110, 85]],
    [4, 1, []],
  ],
};

test("boxes that grow push the others aside and keep their order", () => {
  const still = arrange(plan, []);
  expect(still.size).toEqual([220, 200]);
  expect(still.boxes[0]).toEqual([10, 10, 90, 30]);
  const grown = arrange(plan, [[300, 200], undefined, undefined, [150, 60], undefined]);
  expect(grown.size).toEqual([220 + 210 + 60, 200 + 170 + 30]);
  const overlap = grown.boxes.flatMap(([l, t, w, h], i) =>
    grown.boxes.slice(i + 1).filter(([l2, t2, w2, h2]) => l < l2 + w2 && l2 < l + w && t < t2 + h2 && t2 < t + h),
  );
  expect(overlap).toEqual([]);
  const middle = (i: number) => grown.boxes[i][0] + grown.boxes[i][2] / 2;
  expect(middle(0)).toBeCloseTo(middle(2)); // what was below one another is so still
  expect(middle(2)).toBeLessThan(middle(4));
  expect(middle(4)).toBeLessThan(middle(3));
});

test("edges leave below and arrive above; past a row they go straight down", () => {
  expect(arrange(plan, []).paths).toEqual([
    "M55 40C55 55 55 55 55 70",
    "M55 40C55 55 110 55 110 70V100C110 115 110 115 110 130",
    "M165 40C165 85 110 85 110 130", // a cycle, drawn from its upper end
  ]);
});

const documentOf = (page: string) => {
  const window = new Window();
  window.document.write(page);
  return window.document;
};

test("names are text wherever they stand", async () => {
  const evil = `"><img src=x onerror=alert(1)></script><script>alert(1)</script>\u202e`;
  const stored = [{ name: evil, shape: evil, dtype: evil, learns: false, why: evil }];
  const said = { stored, obstacles: [evil], kept: [evil], weight: evil, frozen: 2 };
  const nodes = [
    node(evil, "", [], { kind: "input", shape: evil }),
    node(evil, "a", [0], { op: evil, family: "other", shape: evil, reshapes: true, params: 1, ...said }),
    node(evil, "a", [1], { module: [evil, "b"] }),
    node(evil, "a", [1, 2], { module: [evil, "c"], ...said }),
  ];
  const groups = [{ kind: evil, means: evil, groups: 1, zero: 0, weights: 1 }];
  const page = await networkPage(
    network(nodes, { title: evil, sizes: evil, groups, ties: [evil], notes: [evil], frozen: stored }),
  );
  const document = documentOf(page);
  expect(document.querySelectorAll("img, [onerror]").length).toBe(0);
  expect([...document.querySelectorAll("script")].map((s) => s.textContent.includes("alert"))).toEqual([false, false]);
  expect(document.querySelector("#n0")?.getAttribute("title")).toBe(evil.replace("\u202e", "\\u{202e}"));
  expect(page).not.toContain("\u202e");
});

test("the page loads nothing, and runs nothing but the script whose sum it names", async () => {
  const document = documentOf(await networkPage(network([node("a", "", []), node("b", "", [0])])));
  expect(document.querySelectorAll("[src], link, [href], iframe, object").length).toBe(0);
  const policy = document.querySelector("meta[http-equiv]")?.getAttribute("content") ?? "";
  const script = document.querySelector("script:not([type])")!.textContent;
  const sum = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script))).toString("base64");
  expect(policy).toBe(`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${sum}'`);
});
