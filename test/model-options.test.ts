/** Sizes and floats at which commands read a model, and the inputs and outputs that inspect names. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { read } from "../src/onnx/read.ts";
import { commandLine } from "./support/command-line.ts";

const { asked, at } = commandLine();
const fixture = (path: string) => new URL(`fixtures/${path}`, import.meta.url).pathname;
const bert = fixture("text/tiny-bert/onnx/model.onnx");
const half = fixture("precision/half.onnx");
const one = ["--threads", "1"];

test("inspect names inputs and outputs with their types and shapes, as a table, as JSON and in the picture", async () => {
  const told = await asked("inspect", bert);
  expect(told.stdout).toContain("inputs\n  input_ids: int64 batch_size×sequence_length\n");
  expect(told.stdout).toContain("outputs\n  logits: float32 batch_size×2\n");
  const json = await asked("inspect", bert, "--html", "bert.html", "--dim", "sequence_length=12", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    inputs: [
      { name: "input_ids", dtype: "int64", shape: ["batch_size", "sequence_length"] },
      { name: "attention_mask" },
      { name: "token_type_ids" },
    ],
    outputs: [{ name: "logits", dtype: "float32", shape: ["batch_size", 2] }],
    sizes: { sequence_length: 12 },
  });
  expect(await readFile(at("bert.html"), "utf8")).toContain("int64 batch_size×sequence_length");
});

test("a size of the file is told to every command that reads it", async () => {
  const size = ["--dim", "sequence_length=20"];
  const shrunk = await asked("shrink", bert, "small.onnx", ...size, ...one, "--json");
  const before = JSON.parse(shrunk.stdout).macs.before;
  const looked = JSON.parse((await asked("inspect", bert, ...size, "--json")).stdout);
  expect([shrunk.status, before]).toEqual([0, looked.macs]);
  expect((await asked("verify", bert, "small.onnx", ...size, ...one)).status).toBe(0);
  expect((await asked("bench", bert, ...size, ...one, "--runs", "1", "--batch", "2")).status).toBe(0);
  const pruned = await asked("prune", bert, "pruned.onnx", "--keep", "0.9", ...size, ...one, "--json");
  expect(JSON.parse(pruned.stdout).macs.before).toBe(before);
});

test("a size that the file has not is refused with those that it has", async () => {
  for (const command of [
    ["inspect", bert],
    ["verify", bert, bert],
    ["bench", bert],
    ["shrink", bert, "x.onnx"],
    ["prune", bert, "x.onnx"],
    ["factorize", bert, "x.onnx", "--keep", "0.5"],
    ["evaluate", bert, "--data", "digits"],
  ]) {
    const { status, stderr } = await asked(...command, "--dim", "height=64");
    expect([command[0], status, stderr]).toEqual([
      command[0],
      2,
      expect.stringMatching(/no such free size(.|\n)*got +height\n +wanted +batch_size, sequence_length/),
    ]);
  }
});

test("floats are read as float32 on request, and written as they were", async () => {
  const untrained = async (...flags: string[]) =>
    JSON.parse((await asked("inspect", half, ...flags, "--json")).stdout).untrained.length;
  expect(await untrained()).toBeGreaterThan(0);
  expect(await untrained("--precision", "float32")).toBe(0);
  const flags = ["--keep", "0.5", "--precision", "stored", ...one];
  const pruned = await asked("prune", half, "pruned.onnx", ...flags);
  expect([pruned.status, pruned.stderr]).toEqual([0, expect.any(String)]);
  const dtypes = new Set([...read(await readFile(at("pruned.onnx"))).graph.initializers.keys()].map((v) => v.dtype));
  expect(dtypes).toContain("float16");
});
