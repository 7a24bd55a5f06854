/** Operators stand in tables: code that walks over graphs names none, and an operator that a table lacks does not compile. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ops } from "../src/graph/ops/index.ts";

const root = resolve(import.meta.dirname, "..");

/** Where operators have names: tables with an entry per operator, what is emitted in their place, a model made of bytes. */
const tables = [
  "graph/ops/",
  "graph/meanings.ts",
  "graph/scalars.ts",
  "graph/sizes.ts",
  "autodiff/rules/",
  "engine/identity.ts",
  "groups/axes/",
  "lower/",
  "proof/rules/",
  "shrink/rules/",
  "graph/macs.ts",
  "lowrank/matrix-rules.ts",
  "onnx/antialiased.ts",
  "onnx/canonical-forms.ts",
  "onnx/control/",
  "onnx/dequantized.ts",
  "onnx/evaluation-forms.ts",
  "onnx/expansions/",
  "onnx/fold-shapes.ts",
  "onnx/functions/inline-functions.ts",
  "onnx/measured-scalars.ts",
  "onnx/precision/",
  "onnx/rebatch-rules.ts",
  "onnx/samples.ts",
  "onnx/signatures/",
  "onnx/spelling.ts",
  "onnx/strided-views.ts",
  "onnx/ties.ts",
  "onnx/without-draws.ts",
  "onnx/write-sizes.ts",
  "onnx/zero-values.ts",
  "data/text/tokenizer-parts.ts", // a tokenizer's Split is none of ours
  "node/s3-files.ts", // the Size of an object in a bucket neither
  "step/output-forms.ts",
  "step/training-forms.ts",
  "train/head-ways.ts",
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

test("no code asks which optimizer, penalty or method it has: a property says what is asked", () => {
  const asking = /\b(?:optimizer|penalty|method)\.name [!=]==? ["'`]/;
  expect(asking.test('if (optimizer.name === "rda")')).toBe(true);
  const wrong = ["src", "cli", "bench"].flatMap((folder) =>
    files(join(root, folder))
      .filter((file) => !file.endsWith(".test.ts"))
      .filter((file) => asking.test(readFileSync(file, "utf8")))
      .map((file) => relative(root, file)),
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

describe("an operator added to a copy of the tables", () => {
  let copy = "";
  const families = [
    "convolution",
    "elementwise",
    "linear",
    "movement",
    "normalization",
    "pooling",
    "reduction",
    "recurrent",
    "sampling",
    "selection",
  ];
  const added = (family: string) => `Extra${family}`;

  beforeAll(() => {
    copy = realpathSync(mkdtempSync(join(tmpdir(), "espalier-tables-")));
    cpSync(join(root, "src"), join(copy, "src"), { recursive: true });
    cpSync(join(root, "test/fixtures/autodiff"), join(copy, "test/fixtures/autodiff"), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const config = {
      extends: join(root, "tsconfig.json"),
      files: ["src/index.ts", "src/node.ts", "test/fixtures/autodiff/cases.ts"],
      include: [],
    };
    writeFileSync(join(copy, "tsconfig.json"), JSON.stringify(config));
    writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  /** What the compiler misses, file by file; an error of another kind as it stands. */
  function missing(): string[] {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", copy, "--pretty", "false"], {
      encoding: "utf8",
      cwd: copy,
    });
    return stdout.split("\n").flatMap((line) => {
      const [, file, error] = /^(.*)\(\d+,\d+\): error TS\d+: (.*)$/.exec(line) ?? [];
      if (!file) return line.includes("error") ? [line] : [];
      const names = /^Property '(\w+)' is missing|is missing the following properties .*: ([\w, ]+)\.?$/.exec(error);
      return names ? (names[1] ?? names[2]).split(", ").map((name) => `${file} lacks ${name}`) : [line];
    });
  }

  test("is asked for by every table that lacks it, and by no other file", () => {
    for (const family of families) {
      const file = join(copy, `src/graph/ops/${family}.ts`);
      const written = readFileSync(file, "utf8");
      const text = /^(?:import .*\bop\b| {2}op,)/m.test(written)
        ? written
        : written.replace("import {", "import { op,");
      const longer = text.replace(/^export const \w+Ops = \{$/m, `$&\n  ${added(family)}: op(1, {}, ([x]) => x),`);
      expect(longer).not.toBe(text);
      writeFileSync(file, longer);
    }
    const found = missing();
    const isCase = (line: string) => line.startsWith("test/fixtures/autodiff/cases.ts");
    expect(found.some(isCase)).toBe(true);
    const inTables = families.flatMap((f) =>
      ["autodiff/rules", "groups/axes", "onnx/signatures", "proof/rules", "shrink/rules"].map(
        (table) => `src/${table}/${f}.ts lacks ${added(f)}`,
      ),
    );
    const matrices = ["convolution", "linear"].map((f) => `src/lowrank/matrix-rules.ts lacks ${added(f)}`);
    const costs = ["convolution", "linear", "recurrent"].map((f) => `src/graph/macs.ts lacks ${added(f)}`);
    expect(found.filter((line) => !isCase(line)).sort()).toEqual([...inTables, ...matrices, ...costs].sort());
  }, 120_000);
});
