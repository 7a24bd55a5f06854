import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EspalierError, UsageError } from "../../error.ts";
import { encodeTexts, encodeWords } from "./encode-texts.ts";
import { textTokenizer } from "./tokenizer.ts";

const folder = join(import.meta.dirname, "../../../test/fixtures/text/tiny-bert");
const parsed = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const files = {
  tokenizer: parsed("tokenizer.json"),
  config: parsed("tokenizer_config.json"),
  model: parsed("config.json"),
};
const tokenizer = textTokenizer(files);
const rows = ({ data, shape: [n] }: { data: Int32Array; shape: readonly number[] }) =>
  Array.from({ length: data.length / n }, (_, i) => [...data.subarray(i * n, (i + 1) * n)]);

test("texts are filled up to the longest, and pairs told apart", () => {
  const { inputs, lengths, notes } = encodeTexts(["the film", "the"], tokenizer, { pairs: ["a delight", "film"] });
  const [a, b] = [tokenizer.encode("the film", "a delight"), tokenizer.encode("the", "film")];
  const pad = (ids: readonly number[]) => [...ids, ...new Array(a.ids.length - ids.length).fill(0)];
  expect(rows(inputs.input_ids)).toEqual([a.ids, pad(b.ids)]);
  expect(rows(inputs.token_type_ids)).toEqual([a.types, pad(b.types)]);
  expect(rows(inputs.attention_mask)).toEqual([a.ids.map(() => 1), pad(b.ids.map(() => 1))]);
  expect([...lengths]).toEqual([a.ids.length, b.ids.length]);
  expect(notes).toEqual([]);
});

test("what is cut is said, with what says so", () => {
  const long = new Array(60).fill("film").join(" ");
  const { inputs, lengths, notes } = encodeTexts([long, "film"], tokenizer);
  expect(inputs.input_ids.shape).toEqual([48]);
  expect([...lengths]).toEqual([48, 3]);
  expect(notes.map(String)).toEqual([
    "1 of 2 texts have more than 48 tokens (tokenizer_config.json) and are cut; maxLength says how many stay",
  ]);
  expect(encodeTexts([long], tokenizer, { maxLength: 5 }).inputs.input_ids.shape).toEqual([5]);
  expect(encodeTexts(["film"], tokenizer, { length: 20 }).inputs.input_ids.shape).toEqual([20]);
});

test("a tag is for the first token of its word, all else counts for nothing", () => {
  const { labels, classes, inputs } = encodeWords(
    [["the", "delighted", "film"], ["dull"]],
    [["O", "B", "O"], ["B"]],
    tokenizer,
  );
  const pieces = tokenizer.encode("delighted").ids.length - 2;
  expect(pieces).toBeGreaterThan(1);
  expect(classes).toEqual(["B", "O"]);
  expect(labels.shape).toEqual(inputs.input_ids.shape);
  const got = rows(labels);
  expect(got[0]).toEqual([-100, 1, 0, ...new Array(pieces - 1).fill(-100), 1, -100]);
  expect(got[1].filter((y) => y !== -100)).toEqual([0]);
});

test.each<[string, () => unknown, RegExp]>([
  [
    "an empty text",
    () => encodeTexts(["film", " "], tokenizer, { name: "review" }),
    /no text[\s\S]*review[\s\S]*sample +1/,
  ],
  ["no texts", () => encodeTexts([], tokenizer), /no texts/],
  ["a number among texts", () => encodeTexts(["film", 5 as unknown as string], tokenizer), /sample +1[\s\S]*5/],
  [
    "more tokens than positions",
    () => encodeTexts(["film"], tokenizer, { maxLength: 49 }),
    /1 … 48, the model's positions/,
  ],
  ["a length beyond the positions", () => encodeTexts(["film"], tokenizer, { length: 64 }), /length is out of range/],
  ["pairs of another number", () => encodeTexts(["film"], tokenizer, { pairs: [] }), /differ in number/],
  ["tags of another number", () => encodeWords([["a", "film"]], [["O"]], tokenizer), /1 tags[\s\S]*2, one a word/],
  [
    "an unknown tag",
    () => encodeWords([["film"]], [["X"]], tokenizer, { classes: ["O"] }),
    /none of the classes[\s\S]*X/,
  ],
  [
    "no padding",
    () => encodeTexts(["a film", "film"], textTokenizer({ tokenizer: files.tokenizer })),
    /fills texts up/,
  ],
])("%s is refused", (_, make, message) => {
  expect(make).toThrow(EspalierError);
  expect(make).toThrow(message);
});

test("a length that is none is wrong use", () => {
  expect(() => encodeTexts(["film"], tokenizer, { maxLength: 0 })).toThrow(UsageError);
});
