/** Files of a few hundred bytes that describe huge things, in a process of their own that has little memory. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { type Builder, builder } from "../src/graph/builder.ts";
import { full } from "../src/graph/tensor.ts";
import type { Value } from "../src/graph/types.ts";
import { write } from "../src/onnx/write.ts";

const folder = mkdtempSync(join(tmpdir(), "espalier-bounds-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads a file and does with it whatever needs no engine; prints its largest resident memory in MB. */
const source = (file: string) => {
  const index = pathToFileURL(join(import.meta.dirname, "../dist/src/index.js")).href;
  return `
    import { readFileSync } from "node:fs";
    const { cost, groupSets, inspect, read, write } = await import(${JSON.stringify(index)});
    const model = read(new Uint8Array(readFileSync(${JSON.stringify(file)})));
    inspect(model);
    cost(model);
    for (const kind of ["coupled", "inputChannel", "outputChannel", { block: [2, 2] }])
      for (const side of ["consumer", "producer"]) groupSets(model.graph, kind, { side });
    read(write(model));
    console.log(process.resourceUsage().maxRSS / 1024);
  `;
};

const x = (g: Builder) => g.input("x", "float32", [1, 4]);
const dense = (g: Builder, weight = 1) => g.MatMul(x(g), g.initializer("w", full([4, 4], weight)));
const cases: Record<string, (g: Builder) => Value> = {
  "a Pad": (g) => g.Relu(g.Pad(dense(g), { pads: [0, 0, 0, 2 ** 26] })),
  "a Pad of a constant": (g) =>
    g.Relu(g.Pad(g.Add(dense(g, 0), g.initializer("b", full([4], 1))), { pads: [0, 0, 0, 2 ** 26] })),
  "an Expand": (g) => g.Relu(g.Expand(dense(g), { shape: [2 ** 26, 4] })),
  "a Tile": (g) => g.Relu(g.Tile(dense(g), { repeats: [2 ** 13, 2 ** 13] })),
  "an input": (g) => g.Relu(g.Mul(g.input("x", "float32", [1, 2 ** 31]), g.initializer("w", full([1], 0)))),
  "a Flatten": (g) =>
    g.Relu(
      g.Flatten(g.Conv(g.input("x", "float32", [1, 3, 8192, 8192]), g.initializer("w", full([4, 3, 1, 1], 1)), null)),
    ),
  "thirty Concats": (g) => {
    let h = dense(g);
    for (let i = 0; i < 28; i++) h = g.Concat([h, h], { axis: 1 });
    return g.Relu(h);
  },
  "a computed weight": (g) => {
    const w = g.ConstantOfShape({ value: full([1], 0), shape: [2 ** 15, 2 ** 15, 1, 1] });
    return g.Relu(g.Conv(g.input("x", "float32", [1, 2 ** 15, 1, 1]), w, null));
  },
};

test.each(Object.entries(cases))("%s of far more elements than the file has bytes", (name, build) => {
  const g = builder();
  g.output(build(g), "y");
  const bytes = write({ graph: g.build(), opset: 17, dims: new Map(), metadata: new Map() });
  expect(bytes.length).toBeLessThan(3000);
  const file = join(folder, `${name}.onnx`);
  writeFileSync(file, bytes);
  const megabytes = execFileSync(
    process.execPath,
    ["--max-old-space-size=128", "--input-type=module", "-e", source(file)],
    { encoding: "utf8" },
  );
  expect(Number(megabytes)).toBeLessThan(400);
});
