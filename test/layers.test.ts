/** The arrows of the design: which folder may import which. Data flows one way. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const below = [
  "graph",
  "onnx",
  "engine",
  "autodiff",
  "groups",
  "prox",
  "optim",
  "lower",
  "lowrank",
  "models",
  "data",
  "shrink",
];
const may: Record<string, readonly string[]> = {
  graph: [],
  onnx: ["graph"],
  engine: [],
  autodiff: ["graph"],
  groups: ["graph"],
  prox: ["graph", "groups"],
  optim: ["graph"],
  lower: ["graph"],
  lowrank: ["graph"],
  models: ["graph"],
  data: [],
  shrink: ["graph", "groups", "onnx", "engine"],
  train: below,
  report: [],
};
/** Leaves that every folder may import, and the two lists of public names, which may import everything. */
const leaves = ["error.ts", "random.ts"];
const fronts = ["index.ts", "node.ts"];
/** The only files of src/ that may touch Node.js; everything else runs unchanged in a browser. */
const nodeOnly = [
  "node.ts",
  "engine/node.ts",
  "data/files.ts",
  "data/download.ts",
  "data/worker.ts",
  "data/worker-main.ts",
  "train/directory.ts",
];

const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(folder, e.name)) : e.name.endsWith(".ts") ? [join(folder, e.name)] : [],
  );
const imports = (file: string): string[] =>
  [
    ...readFileSync(file, "utf8").matchAll(
      /^(?:import|export|\} from)\b.*"([^"]+)";$|^.*\bawait import\("([^"]+)"\)/gm,
    ),
  ].map((m) => m[1] ?? m[2]);
const sources = files(join(root, "src")).filter((f) => !f.endsWith(".test.ts"));

test("folders import only what stands before them", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const here = relative(join(root, "src"), file);
    const folder = here.includes("/") ? here.split("/")[0] : "";
    if (fronts.includes(here)) continue;
    for (const target of imports(file).filter((i) => i.startsWith("."))) {
      const there = relative(join(root, "src"), resolve(dirname(file), target));
      const other = there.split("/")[0];
      if (other === folder || leaves.includes(there)) continue;
      if (!may[folder]?.includes(other)) wrong.push(`${here} → ${there}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("only the named files import Node.js", () => {
  const wrong = sources
    .map((f) => relative(join(root, "src"), f))
    .filter((here) => !nodeOnly.includes(here))
    .filter((here) => imports(join(root, "src", here)).some((i) => i.startsWith("node:") || i === "onnxruntime-node"));
  expect(wrong).toEqual([]);
});

test("the command line and the experiments use the public API alone", () => {
  const wrong = ["cli", "experiments"].flatMap((folder) =>
    files(join(root, folder))
      .filter((f) => !f.endsWith(".test.ts"))
      .filter((f) =>
        imports(f).some((i) => i.startsWith(".") && relative(root, resolve(dirname(f), i)).startsWith("src")),
      )
      .map((f) => relative(root, f)),
  );
  expect(wrong).toEqual([]);
});

test("no import cycles between folders", () => {
  const visit = (f: string, path: readonly string[]): void => {
    expect(path, `cycle through ${f}`).not.toContain(f);
    for (const next of may[f] ?? []) visit(next, [...path, f]);
  };
  for (const f of Object.keys(may)) visit(f, []);
});
