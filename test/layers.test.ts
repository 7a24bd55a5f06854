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
  optim: ["graph", "groups"],
  lower: ["graph"],
  lowrank: ["graph"],
  models: ["graph"],
  data: [],
  shrink: ["graph", "groups", "onnx", "engine"],
  train: below,
  report: [],
};
/** Leaves that every folder may import, and the two lists of public names, which may import everything. */
const leaves = ["error.ts", "checks.ts", "nearest.ts", "random.ts", "matrix.ts", "svd.ts", "eigen.ts"];
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

/** What a file imports when it runs, as paths: `import type` and lists of types alone leave nothing behind. */
function runtimeImports(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:([^"';]*?)\s+from\s+)?"(\.[^"]+)";$/gm);
  return [...found]
    .filter(([, names]) => !names || !isTypesAlone(names))
    .map(([, , target]) => resolve(dirname(file), target));
}

/** "{ type A, type B }" */
function isTypesAlone(names: string): boolean {
  const list = /^\{([^}]*)\}$/.exec(names.trim());
  const parts = list?.[1].split(",").map((n) => n.trim());
  return parts?.filter(Boolean).every((n) => n.startsWith("type ")) ?? false;
}

/** The first cycle that a walk finds, as a path from a file to itself. */
function cycle(edges: (file: string) => readonly string[], from: readonly string[]): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of edges(file)) {
      const found = visit(next, [...path, file]);
      if (found) return found;
    }
    done.add(file);
    return undefined;
  };
  for (const file of from) {
    const found = visit(file, []);
    if (found) return found;
  }
  return undefined;
}

test("no file imports itself, however indirectly", () => {
  const all = ["src", "cli", "experiments", "bench"].flatMap((folder) => files(join(root, folder)));
  const edges = new Map(all.map((f) => [f, runtimeImports(f)]));
  expect([...edges.values()].flat().length).toBeGreaterThan(all.length); // the imports are found
  const found = cycle((f) => edges.get(f) ?? [], all);
  expect(found?.map((f) => relative(root, f))).toBeUndefined();
});

test("the search for cycles finds one", () => {
  const edges: Record<string, string[]> = { a: ["b", "c"], b: ["d"], c: ["e"], d: [], e: ["f"], f: ["c"] };
  expect(cycle((f) => edges[f], ["a"])).toEqual(["c", "e", "f", "c"]);
});
