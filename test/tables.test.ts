/** Operators stand in tables: code that walks over graphs names none, and an operator that a table lacks does not compile. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { ops } from "../src/graph/ops/index.ts";

const root = resolve(import.meta.dirname, "..");

/** Where operators have names: tables with an entry per operator, what is emitted in their place, a model made of bytes. */
const tables = [
  "graph/ops/",
  "autodiff/rules/",
  "engine/identity.ts",
  "groups/axes/",
  "lower/",
  "shrink/rules/",
  "lowrank/matrix-rules.ts",
  "onnx/canonical-forms.ts",
  "onnx/fold-shapes.ts",
  "onnx/spelling.ts",
  "step/training-forms.ts",
];

const names = Object.keys(ops).join("|");
/** "Conv" as a string, or as the key of an entry. `g.Conv(x)` emits a node, and may stand anywhere. */
const naming = new RegExp(`(["'\`])(?:${names})\\1|(?:^|[{,])\\s*(?:${names})(?::|\\()`);
const isComment = (line: string) => /^\s*(?:\/?\*|\/\/)/.test(line);

const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(folder, e.name)) : e.name.endsWith(".ts") ? [join(folder, e.name)] : [],
  );
const walkers = files(join(root, "src"))
  .map((f) => relative(join(root, "src"), f))
  .filter((f) => !f.endsWith(".test.ts") && !tables.some((t) => f.startsWith(t)));

test("walkers never name an operator", () => {
  expect(walkers.length).toBeGreaterThan(100);
  const wrong = walkers.flatMap((file) =>
    readFileSync(join(root, "src", file), "utf8")
      .split("\n")
      .flatMap((line, i) => (!isComment(line) && naming.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
  expect(wrong).toEqual([]);
});

test.each([
  'if (node.op === "Conv") return;',
  'const norms = ["BatchNormalization"];',
  "  Relu: (x) => x,",
  "const table = { Add: 1 };",
])("the search finds %s", (line) => expect(naming.test(line)).toBe(true));

test.each(["g.Conv(x, w, null, { group: 1 })", "readonly shape: Shape;", 'reject("Gemm sizes differ")'])(
  "the search leaves %s",
  (line) => expect(naming.test(line)).toBe(false),
);
