/** What is packed: what runs, all of it and nothing else; and that it installs without anything being fetched beside the registry. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, posix, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const text = (path: string) => readFileSync(join(root, path), "utf8");
const manifest = JSON.parse(text("package.json"));

let folder: string;
let packed: readonly string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "espalier-test-"));
  spawnSync(process.execPath, ["scripts/schema.mjs"], { cwd: root }); // what `npm run build` adds to the compiler's work
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const { stdout, stderr } = spawnSync("npm", args, {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  const found = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  packed = (Array.isArray(found) ? found : Object.values<typeof found>(found))[0].files.map(
    (f: { path: string }) => f.path,
  );
  expect(packed.length, stderr).toBeGreaterThan(500);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("nothing else is packed: no benchmarks, experiments, campaign, tests, maps", () => {
  const others = packed.filter((path) => !/^dist\/(src|cli)\/.+\.(d\.ts|js|json)$/.test(path));
  const named = [
    "CHANGELOG.md",
    "dist/config.schema.json",
    "LICENSE",
    "README.md",
    "package.json",
    "sbom.cdx.json",
    manifest.scripts.preinstall.split(" ")[1],
  ];
  expect(named).toEqual(expect.arrayContaining(others));
  const modules = packed.filter((path) => path.endsWith(".js"));
  expect(modules.filter((path) => text(path).includes("sourceMappingURL"))).toEqual([]);
});

test("all that is exported, started and imported is packed", () => {
  const { types, exports, bin, scripts, sideEffects } = manifest;
  const named = [types, bin.espalier, scripts.preinstall.split(" ")[1]];
  for (const entry of Object.values<string | Record<string, string>>(exports))
    named.push(...(typeof entry === "string" ? [entry] : Object.values(entry)));
  expect(named.map((path) => posix.normalize(path)).filter((path) => !packed.includes(path))).toEqual([]);
  const there = new Set(packed);
  const missing = packed
    .filter((path) => path.endsWith(".js"))
    .flatMap((path) =>
      [...text(path).matchAll(/(?:from|import\(|URL\() ?"(\.[^"]+)"/g)].map(([, to]) => posix.join(dirname(path), to)),
    )
    .filter((path) => /\.\w+$/.test(path) && !path.startsWith("..") && !there.has(path));
  expect(missing).toEqual([]);
  const stems: string[] = sideEffects.map((pattern: string) => posix.normalize(pattern).split("*")[0]);
  expect(stems.filter((stem) => !packed.some((path) => path.startsWith(stem)))).toEqual([]);
});

test("a page that reads models and counts their cost loads the reader alone", async () => {
  // the bundler that vitest itself runs on
  const beside = (from: string, name: string) => createRequire(from).resolve(name);
  const vite = beside(beside(join(root, "package.json"), "vitest/package.json"), "vite/package.json");
  const { rolldown } = await import(pathToFileURL(beside(vite, "rolldown")).href);
  const entry = join(folder, "page.js");
  writeFileSync(
    entry,
    `import { read, cost } from ${JSON.stringify(join(root, "dist/src/index.js"))};\nconsole.log(read, cost);\n`,
  );
  const bundle = await rolldown({ input: entry, platform: "browser" });
  const [{ code, modules }] = (await bundle.generate({ format: "esm", minify: true, codeSplitting: false })).output;
  await bundle.close();
  const packages = Object.entries<{ renderedLength: number }>(modules)
    .filter(([path, { renderedLength }]) => renderedLength > 0 && path.includes("node_modules"))
    .map(([path]) => path.split("node_modules/").at(-1)!.split("/dist/")[0].split("/esm/")[0]);
  expect([...new Set(packages)].sort()).toEqual(["@bufbuild/protobuf", "fastest-levenshtein"]);
  expect(code.length).toBeLessThan(175_000);
});

describe("the script of onnxruntime-node", () => {
  const answer = (project: string, env: NodeJS.ProcessEnv = {}) => {
    const { ONNXRUNTIME_NODE_INSTALL: _, npm_config_onnxruntime_node_install: __, ...rest } = process.env;
    const script = join(project, "node_modules/onnxruntime-node/script/install.js");
    return spawnSync(process.execPath, [script], { env: { ...rest, ...env }, encoding: "utf8" }).stdout.trim();
  };
  const install = (project: string, place: string) => {
    const into = join(project, place, "scripts");
    mkdirSync(into, { recursive: true });
    cpSync(join(root, "scripts/without-cuda.mjs"), join(into, "without-cuda.mjs"));
    const { status, stderr } = spawnSync(process.execPath, [join(into, "without-cuda.mjs")], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  };
  const project = (name: string) => {
    const made = join(folder, name);
    mkdirSync(join(made, "node_modules/onnxruntime-node/script"), { recursive: true });
    const script = join(made, "node_modules/onnxruntime-node/script/install.js");
    writeFileSync(script, '"use strict";\nconsole.log(process.env.ONNXRUNTIME_NODE_INSTALL ?? "fetch");\n');
    return made;
  };

  test("skips CUDA unless it is asked for", () => {
    const made = project("asked");
    expect(answer(made)).toBe("fetch");
    install(made, "node_modules/espalier");
    install(made, "node_modules/espalier"); // again changes nothing
    expect(answer(made)).toBe("skip");
    expect(answer(made, { ONNXRUNTIME_NODE_INSTALL: "cuda12" })).toBe("cuda12");
    expect(answer(made, { npm_config_onnxruntime_node_install: "cuda12" })).toBe("fetch"); // which its own script reads
  });

  test("is left alone in a clone, and may be absent", () => {
    const made = project("clone");
    install(made, ".");
    expect(answer(made)).toBe("fetch");
    const without = join(folder, "without");
    install(without, "node_modules/espalier");
    expect(existsSync(join(without, "node_modules/onnxruntime-node"))).toBe(false);
  });
});
