import { describe, expect, test } from "vitest";
import { keepTokens } from "./tokenizer-file.ts";

const words = { "[UNK]": 0, "[CLS]": 1, a: 2, b: 3, ab: 4, c: 5, abc: 6 };
const processor = {
  type: "TemplateProcessing",
  single: [{ SpecialToken: { id: "[CLS]", type_id: 0 } }],
  special_tokens: { "[CLS]": { id: "[CLS]", ids: [1], tokens: ["[CLS]"] } },
};
const file = (model: object, more: object = {}) => ({ version: "1.0", model, ...more });

describe("every part of the file has the new ids", () => {
  test("words, added tokens, what stands around a text, padding", () => {
    const added_tokens = [
      { id: 0, content: "[UNK]", special: true },
      { id: 6, content: "abc", special: false },
    ];
    const padding = { strategy: "BatchLongest", pad_id: 1, pad_token: "[CLS]" };
    const more = { added_tokens, padding, post_processor: { type: "Sequence", processors: [processor] } };
    expect(
      keepTokens(file({ type: "WordPiece", unk_token: "[UNK]", vocab: words, prefix: "##" }, more), [0, 1, 3]),
    ).toEqual({
      version: "1.0",
      model: { type: "WordPiece", unk_token: "[UNK]", vocab: { "[UNK]": 0, "[CLS]": 1, b: 2 }, prefix: "##" },
      added_tokens: [added_tokens[0]],
      padding,
      post_processor: { type: "Sequence", processors: [processor] },
    });
  });

  test("merges of which every part is left, in either spelling", () => {
    for (const merges of [
      ["a b", "ab c"],
      [
        ["a", "b"],
        ["ab", "c"],
      ],
    ])
      expect(keepTokens(file({ type: "BPE", vocab: words, merges }), [2, 3, 4, 5])).toEqual(
        file({ type: "BPE", vocab: { a: 0, b: 1, ab: 2, c: 3 }, merges: [merges[0]] }),
      );
  });

  test("pieces with their scores, by their places; rows that the tokenizer has not are left out", () => {
    const vocab = [
      ["<unk>", 0],
      ["a", -1],
      ["b", -2],
      ["c", -3],
    ];
    expect(keepTokens(file({ type: "Unigram", unk_id: 0, vocab }), [0, 2, 9])).toEqual(
      file({ type: "Unigram", unk_id: 0, vocab: [vocab[0], vocab[2]] }),
    );
  });

  test("the tokens around a text as older files write them", () => {
    const post_processor = { type: "RobertaProcessing", sep: ["b", 3], cls: ["a", 2], trim_offsets: true };
    expect(keepTokens(file({ type: "WordLevel", vocab: words }, { post_processor }), [2, 3])).toMatchObject({
      post_processor: { type: "RobertaProcessing", sep: ["b", 1], cls: ["a", 0], trim_offsets: true },
    });
  });
});

test("a token is a token, whatever it is called", () => {
  const odd = JSON.parse('{"type":"WordLevel","vocab":{"constructor":0,"__proto__":1,"a":2}}');
  expect(JSON.stringify(keepTokens(file(odd), [1, 2]))).toContain('"vocab":{"__proto__":0,"a":1}');
});

test.each<[string, unknown, number[], RegExp]>([
  ["the unknown token goes", file({ type: "WordPiece", unk_token: "[UNK]", vocab: words }), [1], /the unknown token/],
  [
    "a token around texts goes",
    file({ type: "WordLevel", vocab: words }, { post_processor: processor }),
    [0],
    /around a text, \[CLS\]/,
  ],
  [
    "what a token is made of goes",
    file({ type: "BPE", vocab: words, merges: ["a b", "ab c"] }),
    [2, 3, 5, 6],
    /abc.*ab \+ c.*ids that go +4/s,
  ],
  ["another form", file({ type: "Magic" }), [0], /of no form that can be cut/],
  ["no tokenizer", 7, [0], /of no form that can be cut/],
  ["ids in disorder", file({ type: "WordLevel", vocab: words }), [1, 0], /must ascend/],
])("refused: %s", (_, json, ids, message) => {
  expect(() => keepTokens(json, ids)).toThrow(message);
});
