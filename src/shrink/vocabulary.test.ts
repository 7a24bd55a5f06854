import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { w } from "../../test/support/shrinkable-models.ts";
import { node } from "../engine/node.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { i64 } from "../graph/tensor.ts";
import type { Model, Value } from "../graph/types.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { verifyVocab } from "./verify-vocabulary.ts";
import { type KeepVocabOptions, keepVocab } from "./vocabulary.ts";
import { keptAgain, vocabularyCut } from "./vocabulary-record.ts";

const engine = node({ threads: 1 });
const zoo = async (name: string) =>
  read(await readFile(new URL(`../../test/fixtures/zoo/${name}.onnx`, import.meta.url)));
const KEPT = [0, 1, 2, 5, 7, 11, 13];

describe("texts of kept tokens give the same numbers, to the bit", () => {
  test.each<[string, KeepVocabOptions, string[], string[]]>([
    ["lstm-tagger/eval-dynamic", {}, ["tokens"], []],
    ["bert/eval-dynamic", { input: "input_ids" }, ["input_ids"], []],
    ["bert/dynamo-dynamic", { input: "input_ids" }, ["input_ids"], []],
    ["gpt-sdpa/eval-dynamic", {}, ["tokens"], ["output"]],
    ["gpt-sdpa/dynamo-dynamic", {}, ["tokens"], ["output"]],
    ["t5/eval-dynamic", { input: "input_ids" }, ["input_ids", "decoder_input_ids"], ["output"]],
    ["whisper/eval-dynamic", {}, ["decoder_input_ids"], ["output"]],
    ["llama/eval-dynamic", { outputs: ["output"] }, ["tokens"], ["output"]],
  ])("%s", async (name, options, inputs, outputs) => {
    const model = await zoo(name);
    const kept = keepVocab(model, KEPT, options);
    expect([kept.ids, kept.inputs, kept.outputs.map((o) => o.name)]).toEqual([KEPT, inputs, outputs]);
    expect(await verifyVocab(model, kept, { engine })).toMatchObject({ equal: true, runs: 4 });
    expect(write(kept.model).length).toBeLessThan(write(model).length);
    const again = read(write(kept.model));
    expect(again.graph.outputs.map((v) => v.shape.at(-1))).toEqual(kept.model.graph.outputs.map((v) => v.shape.at(-1)));
    expect(kept.cut.every(({ before, after }) => before === kept.tokens && after === KEPT.length)).toBe(true);
  });
});

/** A model of ids, 8 tokens of 4 numbers each. */
function ofTokens(build: (g: Builder, ids: Value, table: Value) => Value): Model {
  const g = builder();
  g.output(build(g, g.input("ids", "int64", [1, 5]), w(g, "table", [8, 4])), "y");
  const graph = g.build();
  const dims = new Map([...graph.inputs, ...graph.outputs].map((v) => [v.name, v.shape]));
  return { graph, opset: 17, dims, metadata: new Map() };
}
/** Rows of tokens that are `pad` count for nothing. */
const masked = (pad: number) =>
  ofTokens((g, ids, table) => {
    const other = g.Cast(g.Not(g.Equal(ids, g.initializer("pad", i64([pad], [])))), { to: "float32" });
    return g.Mul(g.Gather(table, ids), g.Unsqueeze(other, { axes: [2] }));
  });

test("what ids are compared with is renumbered with them; a token that is gone is met nowhere", async () => {
  for (const pad of [5, 6]) {
    const model = masked(pad);
    const kept = keepVocab(model, [1, 3, 5]);
    expect(await verifyVocab(model, kept, { engine, random: 8 })).toMatchObject({ equal: true });
    const [[, held]] = [...kept.model.graph.initializers].filter(([v]) => v.name.startsWith("pad"));
    expect(Number(held.data[0])).toBe(pad === 5 ? 2 : -1);
  }
});

test("tokens that are put beside those given are renumbered", async () => {
  const begun = ofTokens((g, ids, table) =>
    g.Gather(table, g.Concat([g.initializer("start", i64([3], [1, 1])), ids], { axis: 1 })),
  );
  const kept = keepVocab(begun, [1, 3, 5]);
  expect(await verifyVocab(begun, kept, { engine })).toMatchObject({ equal: true });
  expect(() => keepVocab(begun, [1, 5])).toThrow(/Concat computes with the ids of tokens/);
});

test("a model for fewer tokens can lose more of them", () => {
  const once = keepVocab(masked(5), [1, 3, 5, 7]).model;
  expect(keepVocab(once, [0, 2])).toMatchObject({ ids: [0, 2], tokens: 4 });
});

test.each<[string, Model, readonly number[], KeepVocabOptions, RegExp]>([
  [
    "a probability of each",
    ofTokens((g, ids, t) => g.Softmax(g.MatMul(g.Gather(t, ids), g.Transpose(t, { perm: [1, 0] })))),
    [1],
    {},
    /Softmax normalizes/,
  ],
  [
    "arithmetic with ids",
    ofTokens((g, ids, t) => g.Gather(t, g.Mod(ids, g.initializer("eight", i64([8], []))))),
    [1],
    {},
    /looks up no row|no input looks up/,
  ],
  [
    "arithmetic beside the lookup",
    ofTokens((g, ids, t) => g.Mul(g.Gather(t, ids), g.Unsqueeze(g.Cast(ids, { to: "float32" }), { axes: [2] }))),
    [1],
    {},
    /Mul computes with the ids/,
  ],
  [
    "a token of its own",
    ofTokens((g, ids, t) => g.Add(g.Gather(t, ids), g.Gather(t, g.initializer("own", i64([7]))))),
    [1],
    {},
    /itself looks up a token that would go/,
  ],
  ["no such token", masked(0), [8], {}, /not in the vocabulary/],
  ["no token", masked(0), [], {}, /no token is kept/],
  ["no such input", masked(0), [1], { input: "tokens" }, /looks up no row/],
  ["no such output", masked(0), [1], { outputs: ["z"] }, /no such output/],
  ["an output that counts something else", masked(0), [1], { outputs: ["y"] }, /does not count the tokens/],
])("refused by name: %s", (_, model, ids, options, message) => {
  expect(() => keepVocab(model, ids, options)).toThrow(message);
});

test("of several tables the tokens' is asked for", () => {
  const two = ofTokens((g, ids, t) =>
    g.Add(g.Gather(t, ids), g.Gather(w(g, "kinds", [2, 4]), g.input("kind", "int64", [1, 5]))),
  );
  expect(() => keepVocab(two, [1])).toThrow(/ids \(table of 8\), kind \(kinds of 2\)/);
  expect(keepVocab(two, [1, 2], { input: "ids" }).cut).toEqual([{ tensor: "table", axis: 0, before: 8, after: 2 }]);
});

test("a certificate's record does the same again, to the same model alone", async () => {
  const model = await zoo("llama/eval-dynamic");
  const options = { outputs: ["output"] };
  const kept = keepVocab(model, KEPT, options);
  const record = await vocabularyCut(model, kept, options);
  expect(record).toMatchObject({ kept: "0-2,5,7,11,13", tokens: 24, input: "tokens", outputs: ["output"] });
  const again = await keptAgain(model, record);
  expect(write(again!.model)).toEqual(write(kept.model));
  expect(await keptAgain(model, undefined)).toBeUndefined();
  await expect(keptAgain(kept.model, record)).rejects.toThrow(/the vocabulary of another model/);
  await expect(keptAgain(model, { ...record, kept: "0-99" })).rejects.toThrow(/names no tokens/);
});
