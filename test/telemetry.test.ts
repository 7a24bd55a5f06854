/** Espalier keeps onnxruntime-node's telemetry off, in processes that inherit nothing and in a home that is new. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { identity } from "../src/engine/identity.ts";

const root = resolve(import.meta.dirname, "..");
const model = `Uint8Array.of(${[...identity("float32")]})`;
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "espalier-home-"));
});
afterAll(() => rmSync(home, { recursive: true }));

/** What Node.js prints in a process whose environment holds a home and nothing else, and the files that it leaves there. */
function alone(name: string, args: readonly string[]): { printed: string; files: string[] } {
  const folder = mkdtempSync(join(home, name));
  const env = { PATH: process.env.PATH, HOME: folder, USERPROFILE: folder, LOCALAPPDATA: folder, TMPDIR: folder };
  const given = args.map((arg) => arg.replace("HOME", folder));
  const printed = execFileSync(process.execPath, given, { cwd: root, env, encoding: "utf8" });
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  return { printed, files: files.map((e) => relative(folder, join(e.parentPath, e.name))).sort() };
}
const code = (text: string) => ["--input-type=module", "-e", text];

/** Says what the variable is when native code is loaded. */
const watched = `
  const { dlopen } = process;
  process.dlopen = (...args) => {
    console.log(args[1].split(/[/\\\\]/).at(-1), process.env.ORT_DISABLE_TELEMETRY);
    return dlopen.apply(process, args);
  };`;

test("the engine switches it off before the runtime loads, and nothing is written", () => {
  const { printed, files } = alone(
    "engine-",
    code(`${watched}
    const { node } = await import("espalier/node");
    console.log("imported", process.env.ORT_DISABLE_TELEMETRY);
    const engine = node({ threads: 1 });
    const session = await engine.load(${model});
    await session.run({ x: engine.upload({ dtype: "float32", shape: [1], data: Float32Array.of(1) }) });
    await session.release();`),
  );
  expect(printed.trim().split("\n")).toEqual(["imported undefined", "onnxruntime_binding.node 1"]);
  expect(files).toEqual([]);
});

test("the command line writes its run and nothing else", () => {
  const train = "train --model logistic --groups input-channel --data digits --limit-train 64 --epochs 1 --threads 1";
  const { files } = alone("command-", [join(root, "dist/cli/main.js"), ...train.split(" "), "--out", "HOME/run"]);
  expect(files).toContain(join("run", "small.onnx")); // the runtime was at work
  expect(files.filter((file) => !file.startsWith("run"))).toEqual([]);
});

/** The tests above could not fail otherwise. */
test.skipIf(process.platform !== "linux")("the runtime by itself does write (Linux, where it was seen)", () => {
  const { printed, files } = alone(
    "bare-",
    code(`${watched}
    import { createRequire } from "node:module";
    const ort = createRequire(import.meta.url)("onnxruntime-node");
    await (await ort.InferenceSession.create(${model})).release();`),
  );
  expect(printed).toBe("onnxruntime_binding.node undefined\n");
  expect(files.filter((file) => /deviceid$/.test(file))).toHaveLength(1);
});
