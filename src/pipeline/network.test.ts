import { readFile } from "node:fs/promises";
import { Window } from "happy-dom";
import { describe, expect, test } from "vitest";
import { resnet20 } from "../models/resnet.ts";
import { read } from "../onnx/read.ts";
import { networkHtml } from "./network.ts";

const zoo = async (name: string) =>
  read(await readFile(new URL(`../../test/fixtures/zoo/${name}.onnx`, import.meta.url)));

/** The page of a model as a browser has it, with its own script run. */
async function opened(name: string) {
  const page = await networkHtml(await zoo(name), { title: name });
  const { document } = new Window();
  document.write(page);
  const script = document.querySelector("script:not([type])")!.textContent;
  new Function("document", script)(document); // happy-dom runs no scripts by itself
  const visible = (selector: string) => [...document.querySelectorAll(selector)].filter((e) => !e.closest("[hidden]"));
  const click = (e: unknown) => (e as { click(): void }).click();
  return { document, visible, click };
}

describe.each([
  ["mobilenet-v2/training-dynamic", "batch×8×16×16", 14],
  ["vit/dynamo", "batch×17×16", 10],
  ["lstm/eval-dynamic", "sequence×1×batch×10", 2],
])("the picture of %s", (name, shape, weights) => {
  test("has every operator once, in blocks by name, with shapes that follow free sizes", async () => {
    const model = await zoo(name);
    const { document } = await opened(name);
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    expect(new Set(ids).size).toBe(ids.length);
    const drawn = [...document.querySelectorAll(".op:not(.input):not(.output)")].map((e) => e.getAttribute("title"));
    const known = new Set(model.graph.nodes.map((n) => n.name));
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(drawn.every((n) => known.has(n!))).toBe(true);
    expect(document.querySelectorAll(".op.learns.convolution, .op.learns.linear, .op.learns.recurrent").length).toBe(
      weights,
    );
    expect(document.querySelector("#stage")?.textContent).toContain(shape);
    expect(document.querySelectorAll(".inside > svg > path").length).toBeGreaterThan(drawn.length / 2);
  });

  test("opens and closes by buttons, each of which says what it opens; everything has its facts", async () => {
    const { document, visible, click } = await opened(name);
    for (const e of document.querySelectorAll("[popovertarget]"))
      expect(document.getElementById(e.getAttribute("popovertarget")!)?.hasAttribute("popover")).toBe(true);
    for (const e of document.querySelectorAll(".head"))
      expect(document.getElementById(e.getAttribute("aria-controls")!)?.hasAttribute("hidden")).toBe(
        e.getAttribute("aria-expanded") === "false",
      );
    click(document.getElementById("open-all"));
    const all = document.querySelectorAll(".op").length;
    expect(visible(".op").length).toBe(all);
    const height = () => Number.parseFloat(document.querySelector<never>(".inside")!["style"]["height"]);
    const open = height();
    click(document.getElementById("close-all"));
    expect(visible(".op").length).toBeLessThan(all);
    expect(height()).toBeLessThan(open);
    const first = visible(".head")[0];
    click(first);
    expect([first.getAttribute("aria-expanded"), first.parentElement?.classList.contains("open")]).toEqual([
      "true",
      true,
    ]);
  });
});

test("zeros, obstacles, constants and ties are said", async () => {
  const model = resnet20({ seed: 1 });
  const [first] = [...model.graph.initializers].filter(([v]) => v.name === "layer1.0.conv2.weight");
  const data = new Float32Array(first[1].data as Float32Array);
  const stride = first[0].shape[1] * 9;
  for (let o = 0; o < first[0].shape[0]; o++) data.fill(0, o * stride, o * stride + 9); // reads its first channel with zeros
  const initializers = new Map([...model.graph.initializers, [first[0], { ...first[1], data }]]);
  const page = await networkHtml({ ...model, graph: { ...model.graph, initializers } });
  expect(page).toContain("1 of 16 zero");
  expect(page).toContain("it reaches the network&#39;s output");
  expect(await networkHtml(await zoo("whisper/eval-dynamic"))).toMatch(/1 tensor shared or stored twice/);
  expect(await networkHtml(await zoo("llama/dynamo-dynamic"))).toMatch(
    /What is not trained.*inv_freq|What is not trained/s,
  );
});
