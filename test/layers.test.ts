/** The arrows of the design: which folder may import which. Data flows one way. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
/** What a folder may import beside itself, the leaves below and, everywhere, math/. */
const may: Record<string, readonly string[]> = {
  math: [],
  graph: [],
  onnx: ["graph"],
  engine: [],
  autodiff: ["graph"],
  lower: ["graph", "onnx", "engine"],
  groups: ["graph"],
  prox: ["graph", "groups"],
  optim: ["graph", "groups"],
  models: ["graph"],
  data: [],
  lowrank: ["graph"],
  proof: ["graph", "onnx", "engine"],
  shrink: ["graph", "groups", "onnx", "engine", "proof"],
  step: ["graph", "onnx", "groups", "autodiff", "lower", "prox", "optim", "methods.ts"],
  report: [],
};
const below = Object.keys(may).filter((folder) => folder !== "report");
may["methods.ts"] = ["prox", "optim", "lowrank"];
may["train"] = [...below, "methods.ts", "report/results.ts"]; // the one statement of what files keep
may["pipeline"] = [...below, "methods.ts", "train", "report"];
may["node"] = [...below, "methods.ts", "train", "report", "pipeline"];
/** Files that every folder may import: they know nothing of Espalier's own. */
const leaves = [
  "bytes.ts",
  "error.ts",
  "message.ts",
  "checks.ts",
  "nearest.ts",
  "dtype.ts",
  "dictionary.ts",
  "method.ts",
  "ways.ts",
  "visible.ts",
  "given.ts",
];
/** The lists of public names. */
const fronts = ["index.ts", "node.ts"];

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
    const folder = here.split("/")[0];
    if (fronts.includes(here) || leaves.includes(here)) continue;
    for (const target of imports(file).filter((i) => i.startsWith("."))) {
      const there = relative(join(root, "src"), resolve(dirname(file), target));
      const other = there.split("/")[0];
      if (other === folder || other === "math" || leaves.includes(there)) continue;
      if (!may[folder]?.includes(other) && !may[folder]?.includes(there)) wrong.push(`${here} → ${there}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("what a browser loads reaches Node.js nowhere", () => {
  const reached = closure(join(root, "src/index.ts"));
  expect(reached.size).toBeGreaterThan(100); // the imports are followed
  const wrong = [...reached].filter((f) => imports(f).some((i) => /^node:|^onnxruntime-node/.test(i)));
  expect(wrong.map((f) => relative(root, f))).toEqual([]);
});

test("importing one optimizer pulls in no other", () => {
  expect(optimizerFiles().length).toBeGreaterThan(10);
  const wrong = optimizerFiles().flatMap((file) =>
    [...closure(file)]
      .filter((f) => f !== file && optimizerFiles().includes(f))
      .map((f) => `${relative(root, file)} → ${relative(root, f)}`),
  );
  expect(wrong).toEqual([]);

  // for bundlers: what is not used may be dropped, but for what sets up Node.js or runs
  const { sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(sideEffects).toEqual(["./dist/src/engine/node.js", "./dist/src/node/*.js", "./dist/cli/**"]);
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

/** A file and all that it loads when it runs. */
function closure(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const next of runtimeImports(file)) closure(next, found);
  return found;
}

/** The files of src/optim that the public names take an optimizer from. */
const optimizerFiles = (): string[] =>
  runtimeImports(join(root, "src/methods.ts")).filter((f) => f.includes("/optim/") && !f.endsWith("/pairs.ts"));

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

/** What the campaign reaches beside the public names, and why. Nothing reaches the campaign. */
const insideForCampaign: Readonly<Record<string, string>> = {
  "src/math/random.ts": "its cases are drawn by the project's own generator",
  "src/graph/": "it builds random graphs, operator by operator, and asks for the types of single ones",
  "src/onnx/wire.ts": "it changes files as messages, so that they stay well-formed",
  "src/autodiff/rules/resize-weights.ts":
    "what an operator computes is said in float64 by the weights that it is differentiated by",
  "src/autodiff/backward.ts": "it compares gradients themselves, not runs that use them",
  "src/proof/random-inputs.ts": "models are tried on the inputs that a proof tries",
  "src/groups/groups.ts": "it makes groups zero, whose members are no public name",
  "src/groups/group-set.ts": "the same",
  "src/groups/runs.ts": "the same",
  "src/groups/channels.ts": "it asks which stored numbers go with a channel",
  "src/groups/coupled.ts": "and which channels have a group",
  "src/engine/": "the zoo's files are run one by one",
  "src/onnx/read.ts": "the zoo's test needs no build, so it takes reading and shrinking from the sources",
  "src/onnx/write.ts": "the same",
  "src/shrink/": "the same",
  "src/step/": "it asks what is trained, and differentiates the forward pass that training runs",
  "src/train/freeze.ts": "it asks what training leaves alone",
  "src/train/checkpoint.ts": "it writes checkpoints whose checksum is right and whose content is odd",
  "src/data/idx.ts": "readers of bytes, without a disk between",
  "src/data/cifar.ts": "the same",
  "src/data/tar.ts": "the same",
  "cli/settings/": "thousands of configurations need no process each",
  "cli/commands/": "the tables of options, of which it makes command lines",
  "experiments/provenance.ts": "its figures carry their commit and machine",
  "experiments/seal.ts": "and a seal, as all figures do",
};

test("the campaign reaches inside where that is said", () => {
  const reached = files(join(root, "campaign"))
    .filter((f) => !f.endsWith(".test.ts"))
    .flatMap((f) =>
      imports(f)
        .filter((i) => i.startsWith("."))
        .map((i) => relative(root, resolve(dirname(f), i))),
    )
    .filter((there) => !there.startsWith("campaign/"));
  const said = Object.keys(insideForCampaign);
  expect(reached.filter((there) => !said.some((s) => there.startsWith(s)))).toEqual([]);
  expect(said.filter((s) => !reached.some((there) => there.startsWith(s)))).toEqual([]);
  const others = ["src", "cli", "experiments", "bench"].flatMap((folder) => files(join(root, folder)));
  expect(others.filter((f) => imports(f).some((i) => /\/campaign\//.test(i)))).toEqual([]);
});

test("no file imports itself, however indirectly", () => {
  const all = ["src", "cli", "experiments", "bench", "campaign"].flatMap((folder) => files(join(root, folder)));
  const edges = new Map(all.map((f) => [f, runtimeImports(f)]));
  expect([...edges.values()].flat().length).toBeGreaterThan(all.length); // the imports are found
  const found = cycle((f) => edges.get(f) ?? [], all);
  expect(found?.map((f) => relative(root, f))).toBeUndefined();
});

test("the search for cycles finds one", () => {
  const edges: Record<string, string[]> = { a: ["b", "c"], b: ["d"], c: ["e"], d: [], e: ["f"], f: ["c"] };
  expect(cycle((f) => edges[f], ["a"])).toEqual(["c", "e", "f", "c"]);
});

/** Types of TypeScript's own, which are no values. */
const BUILT_IN_TYPES = ["Record", "Partial", "Required", "Pick", "Omit", "Readonly", "Exclude", "Extract", "Awaited"];

const exportedBy = (text: string): string[] =>
  [
    ...text.matchAll(/^export (?:async )?(?:abstract )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm),
  ].map(([, name]) => name);

test("no two exported things have one name, and none shadows a built-in", () => {
  const all = ["src", "cli", "experiments", "bench", "campaign"].flatMap((folder) => files(join(root, folder)));
  const homes = new Map<string, string[]>();
  for (const file of all)
    for (const name of exportedBy(readFileSync(file, "utf8")))
      homes.set(name, [...(homes.get(name) ?? []), relative(root, file)]);
  expect(homes.size).toBeGreaterThan(500); // the exports are found
  expect([...homes].filter(([, where]) => where.length > 1)).toEqual([]);
  expect([...homes.keys()].filter((name) => name in globalThis || BUILT_IN_TYPES.includes(name))).toEqual([]);
});

test("no file is longer than 300 lines", () => {
  const all = ["src", "cli", "experiments", "bench", "campaign", "test", "scripts"].flatMap((folder) =>
    files(join(root, folder)),
  );
  expect(all.length).toBeGreaterThan(400); // the files are found
  const long = all.map((file) => [relative(root, file), readFileSync(file, "utf8").split("\n").length - 1] as const);
  expect(long.filter(([, lines]) => lines > 300)).toEqual([]);
});

test("tests beside the source replace no module: they share a process with others", () => {
  const unit = ["src", "cli"].flatMap((folder) => files(join(root, folder))).filter((f) => f.endsWith(".test.ts"));
  expect(unit.length).toBeGreaterThan(100);
  const wrong = unit.filter((f) => /\bvi\.(?:mock|doMock|stubEnv|stubGlobal)\(/.test(readFileSync(f, "utf8")));
  expect(wrong.map((f) => `${relative(root, f)} belongs into test/`)).toEqual([]);
});

test("the library names no flag of a command line", () => {
  const wrong = sources
    .filter((file) => !["report/style.ts", "report/network-style.ts", "report/html.ts"].some((f) => file.endsWith(f))) // CSS; a command to copy, which is the command line's
    .flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .filter(
          (line) => !/^\s*(?:\/?\*|\/\/)/.test(line) && /(?:^|[\s"'`(])--[a-z]/.test(line) && !/--this\b/.test(line),
        )
        .map((line) => `${relative(root, file)}: ${line.trim()}`),
    );
  expect(wrong).toEqual([]);
});
