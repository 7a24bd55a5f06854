/** A vocabulary cut on the command line: shrink --keep-vocab, and verify with its certificate. */
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { asked, at } = commandLine();
const gpt = new URL("fixtures/zoo/gpt-sdpa/eval-dynamic.onnx", import.meta.url).pathname;

test("rows of the embedding go, new ids are told, and the certificate holds for the file that was cut", async () => {
  await writeFile(at("ids.txt"), "0\n5\n\n2\n11\n");
  const keep = ["--keep-vocab", "ids.txt", "--threads", "1"];
  const cut = await asked("shrink", gpt, "small.onnx", ...keep, "--certificate", "c.json", "--json");
  expect([cut.status, JSON.parse(cut.stdout).vocabulary]).toMatchObject([
    0,
    { tokens: 24, kept: 4, inputs: ["tokens"], verification: { equal: true }, map: "small.vocab.json" },
  ]);
  expect(JSON.parse(await readFile(at("small.vocab.json"), "utf8"))).toEqual({ 0: 0, 2: 1, 5: 2, 11: 3 });
  expect(JSON.parse(await readFile(at("c.json"), "utf8")).vocabulary).toMatchObject({ kept: "0,2,5,11" });
  const verified = await asked("verify", gpt, "small.onnx", "--certificate", "c.json", "--threads", "1");
  expect([verified.status, verified.stdout]).toEqual([0, expect.stringContaining("certificate holds")]);
  const without = await asked("verify", gpt, "small.onnx", "--threads", "1");
  expect([without.status, without.stdout]).toEqual([1, expect.stringContaining("differ")]);
});

test("the tokenizer is cut along", async () => {
  await writeFile(at("ids.txt"), "0\n5\n");
  const words = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`word${i}`, i]));
  await writeFile(at("tokenizer.json"), JSON.stringify({ version: "1.0", model: { type: "WordLevel", vocab: words } }));
  const flags = ["--keep-vocab", "ids.txt", "--tokenizer", "tokenizer.json", "--threads", "1"];
  const { status, stdout } = await asked("shrink", gpt, "two.onnx", ...flags);
  expect([status, stdout]).toEqual([0, expect.stringContaining("wrote two.vocab.json, two.tokenizer.json")]);
  const { model } = JSON.parse(await readFile(at("two.tokenizer.json"), "utf8"));
  expect(model.vocab).toEqual({ word0: 0, word5: 1 });
});

test("samples of --data are compared under their new ids; those with tokens that go are left out", async () => {
  await writeFile(at("ids.txt"), "0\n5\n2\n11\n");
  const tokens = Array.from({ length: 40 }, (_, i) => [0, 5, 2, 11][(i * 7 + (i >> 2)) % 4]);
  await writeFile(
    at("data.mjs"),
    `const tokens = Int32Array.of(${[...tokens, ...tokens, 0, 5, 7, 2]});
const x = { data: tokens, shape: [4] };
export default { inputs: { tokens: x }, labels: { logits: { data: new Int32Array(${(2 * tokens.length + 4) / 4}).fill(1), shape: [] } } };
`,
  );
  const flags = ["--keep-vocab", "ids.txt", "--data", "./data.mjs", "--threads", "1", "--json"];
  const { status, stdout, stderr } = await asked("shrink", gpt, "kept.onnx", ...flags);
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  expect(JSON.parse(stdout).verification.maxRel).toBeLessThan(1e-5);
});

test.each<[string, string, string[], number, RegExp]>([
  ["a line that is no id", "1\ntwo\n", ["--keep-vocab", "odd.txt"], 1, /line +2/],
  ["a token that is not there", "24\n", ["--keep-vocab", "odd.txt"], 2, /0 to 23/],
  ["how, but not which", "", ["--vocab-input", "tokens"], 2, /--keep-vocab FILE/],
])("refused: %s", async (_, text, flags, status, said) => {
  await writeFile(at("odd.txt"), text);
  const ran = await asked("shrink", gpt, "odd.onnx", ...flags);
  expect([ran.status, ran.stderr]).toEqual([status, expect.stringMatching(said)]);
});
