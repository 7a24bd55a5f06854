/** What is made of texts against what Python's `tokenizers` makes of them (test/fixtures/text/make.py). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EspalierError, UsageError } from "../../error.ts";
import { textTokenizer } from "./tokenizer.ts";

interface Said {
  readonly ids: number[];
  readonly types: number[];
  readonly words?: (number | null)[];
}
const folder = join(import.meta.dirname, "../../../test/fixtures/text");
const parsed = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const cases: {
  texts: string[];
  pairs: [string, string][];
  words: string[][];
  tokenizers: Record<string, Record<"texts" | "pairs" | "words" | "cut" | "cutPairs", Said[]>>;
} = parsed("encodings.json");

describe.each(Object.keys(cases.tokenizers))("%s", (name) => {
  const tokenizer = textTokenizer({ tokenizer: parsed(`${name}.json`) });
  const wanted = cases.tokenizers[name];
  const said = ({ ids, types }: { ids: readonly number[]; types: readonly number[] }) => ({ ids, types });

  test("makes of texts and of pairs what Python makes of them", () => {
    expect(cases.texts.map((text) => said(tokenizer.encode(text)))).toEqual(wanted.texts);
    expect(cases.pairs.map(([a, b]) => said(tokenizer.encode(a, b)))).toEqual(wanted.pairs);
  });

  test("cuts them as Python does", () => {
    expect(cases.texts.map((text) => said(tokenizer.encode(text, undefined, 9)))).toEqual(wanted.cut);
    expect(cases.pairs.map(([a, b]) => said(tokenizer.encode(a, b, 9)))).toEqual(wanted.cutPairs);
    expect(tokenizer.encode(`${cases.texts[0]} ${cases.texts[0]}`, undefined, 9).cut).toBe(true);
    expect(tokenizer.encode("the", undefined, 9).cut).toBe(false);
  });

  test("knows the word of each token", () => {
    const got = cases.words.map((words) => tokenizer.encodeWords(words));
    expect(got.map((t) => ({ ids: t.ids, words: t.words.map((w) => (w < 0 ? null : w)) }))).toEqual(
      wanted.words.map(({ ids, words }) => ({ ids, words })),
    );
  });
});

test("padding and the most tokens are what the files say", () => {
  const files = { tokenizer: parsed("tiny-bert/tokenizer.json"), config: parsed("tiny-bert/tokenizer_config.json") };
  const made = textTokenizer({ ...files, model: parsed("tiny-bert/config.json") });
  expect([made.kind, made.size, made.pad, made.maxLength, made.positions]).toEqual(["WordPiece", 160, 0, 48, 48]);
  expect(textTokenizer({ ...files, config: { model_max_length: 1e30 } }).maxLength).toBe(undefined);
  expect(textTokenizer({ tokenizer: files.tokenizer }).pad).toBe(undefined);
  const roberta = { model_type: "roberta", max_position_embeddings: 514, pad_token_id: 1 };
  expect(textTokenizer({ ...files, config: {}, model: roberta }).maxLength).toBe(512);
});

test("texts are cut on the side that is said", () => {
  const made = textTokenizer({ tokenizer: parsed("wordlevel.json"), config: { truncation_side: "left" } });
  expect(made.encode("the film was dull", undefined, 2).ids).toEqual([4, 5]);
});

test.each<[string, (t: Record<string, unknown>) => unknown, RegExp]>([
  ["of an unknown type", (t) => ({ ...t, model: { type: "Magic", vocab: {} } }), /type that is not known[\s\S]*Magic/],
  ["without a model", (t) => ({ ...t, model: undefined }), /tokenizer.json is not as it should be[\s\S]*model/],
  [
    "whose ids are none",
    (t) => ({ ...t, model: { type: "WordPiece", unk_token: "u", vocab: { a: "b" } } }),
    /an id for each token/,
  ],
  ["with an unknown normalizer", (t) => ({ ...t, normalizer: { type: "Nmt" } }), /cannot be read[\s\S]*Nmt/],
  [
    "that splits in an unknown way",
    (t) => ({
      ...t,
      pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "MergedWithPrevious", invert: false },
    }),
    /MergedWithPrevious/,
  ],
])("a tokenizer %s is refused", (_, damage, message) => {
  const make = () => textTokenizer({ tokenizer: damage(parsed("wordpiece.json")) });
  expect(make).toThrow(EspalierError);
  expect(make).toThrow(message);
});

test("a length without a place for a text is refused", () => {
  const made = textTokenizer({ tokenizer: parsed("wordpiece.json") });
  expect(() => made.encode("the film", undefined, 2)).toThrow(UsageError);
  expect(made.encode("the film", undefined, 3).ids).toHaveLength(3);
});
