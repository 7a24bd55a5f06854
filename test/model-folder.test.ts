/** A model's folder on the command line: in, and out again with a smaller model. */
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at } = commandLine();
const fixture = fileURLToPath(new URL("fixtures/text/tiny-bert", import.meta.url));
const one = ["--threads", "1"];

test("pruned and shrunk, a folder goes into a folder", async () => {
  await cp(fixture, at("bert"), { recursive: true });
  await writeFile(at("bert/onnx/model_quantized.onnx"), "not read");
  const pruned = await asked("prune", "bert", "bert-small", "--keep", "0.8", ...one);
  expect([pruned.status, pruned.stderr]).toEqual([0, expect.stringContaining("onnx/model.onnx is read")]);
  expect(pruned.stderr).toContain("not copied, since they are the model as it was: onnx/model_quantized.onnx");
  expect((await readdir(at("bert-small"))).sort()).toEqual((await readdir(fixture)).sort());
  const inspected = await asked("inspect", "bert-small", "--json");
  expect(inspected.status).toBe(0);
  const shrunk = await asked("shrink", "bert-small", "again/small", ...one, "--json");
  expect([shrunk.status, JSON.parse(shrunk.stdout)]).toMatchObject([
    0,
    { in: "bert-small", out: "again/small/onnx/model.onnx", folder: "again/small" },
  ]);
  const file = await asked("shrink", "bert-small", "only.onnx", ...one);
  expect(file.status).toBe(0);
  expect(await readdir(at("."))).toContain("only.onnx");
});

test("with fewer tokens the folder's tokenizer is cut along", async () => {
  await writeFile(at("ids.txt"), Array.from({ length: 90 }, (_, i) => `${i}`).join("\n"));
  const flags = ["--keep-vocab", "ids.txt", "--vocab-input", "input_ids", ...one];
  const { status, stderr } = await asked("shrink", fixture, "few", ...flags);
  expect([status, stderr]).toEqual([0, expect.stringContaining("vocab_size 160 → 90")]);
  const { model } = JSON.parse(await readFile(at("few/tokenizer.json"), "utf8"));
  expect(Object.keys(model.vocab)).toHaveLength(90);
});

test("a run from a folder leaves a folder with its small model", async () => {
  const ids = Array.from({ length: 24 }, (_, i) => [2, 61, 40 + (i % 2), 3]).flat();
  const column = (numbers: number[]) => `{ data: Int32Array.of(${numbers}), shape: [4] }`;
  const inputs = `{ input_ids: ${column(ids)}, attention_mask: ${column(ids.map(() => 1))}, token_type_ids: ${column(ids.map(() => 0))} }`;
  const labels = `{ logits: Int32Array.of(${Array.from({ length: 24 }, (_, i) => i % 2)}) }`;
  await writeFile(at("data.mjs"), `export default { inputs: ${inputs}, labels: ${labels} };\n`);
  const flags = ["--optimizer", "adamw", "--epochs", "25", "--batch-size", "8", "--lr", "0.02", "--out", "run", ...one];
  const { status, stderr } = await espalier("train", "--model", fixture, "--data", "./data.mjs", ...flags);
  expect([status, stderr]).toEqual([0, expect.stringContaining("0 … 1 are taken for good, bad")]);
  expect((await readdir(at("run/small"))).sort()).toEqual((await readdir(fixture)).sort());
  const scored = await asked("evaluate", "run/small", "--data", "./data.mjs", ...one, "--json");
  expect([scored.status, JSON.parse(scored.stdout).accuracy]).toEqual([0, 1]);
});

test("a folder without a model, or that would be written into itself, is refused", async () => {
  const none = await asked("inspect", "again");
  expect([none.status, none.stderr]).toEqual([1, expect.stringContaining("no ONNX model")]);
  const itself = await asked("shrink", "bert", "bert/small", ...one);
  expect([itself.status, itself.stderr]).toEqual([2, expect.stringContaining("into itself")]);
  expect(await readdir(at("bert"))).not.toContain("small");
});
