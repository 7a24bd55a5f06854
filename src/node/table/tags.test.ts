/** Words with a tag for each, and pairs of sentences, from every kind of table. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { encodeTexts, encodeWords } from "../../data/text/encode-texts.ts";
import { datasets } from "../datasets.ts";
import type { OpenOptions } from "../reader.ts";
import { readTokenizer } from "../text/tokenizer-files.ts";

const folder = mkdtempSync(join(tmpdir(), "tags-"));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const tokenizer = await readTokenizer(join(import.meta.dirname, "../../../test/fixtures/text/tiny-tagger"));
const text = { tokenizer };
const refusal = (path: string, options: OpenOptions = {}): Promise<string> =>
  datasets.open(path, { text, ...options }).then(
    () => "no error",
    (error: Error) => error.message.replaceAll(folder, ""),
  );
const lines = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join("\n");

const WORDS = ["the", "unbelievable", "film", "was", "dull"];
const words = Array.from({ length: 12 }, (_, i) => Array.from({ length: 1 + (i % 4) }, (_, k) => WORDS[(i + k) % 5]));
const tagOf = (word: string) => (word === "film" ? "B" : "O");
const tags = words.map((of) => of.map(tagOf));
const wanted = encodeWords(words, tags, tokenizer);

test("JSON Lines, Parquet and CSV hold the same words and tags", async () => {
  const rows = words.map((tokens, i) => ({ tokens, labels: tags[i] }));
  const spaced = words.map((tokens, i) => ({ tokens: tokens.join(" "), labels: tags[i].join(" ") }));
  const json = (list: readonly (readonly string[])[]) => list.map((of) => [...of]);
  const columnData = [
    { name: "tokens", data: json(words), type: "JSON" as const },
    { name: "labels", data: json(tags), type: "JSON" as const },
  ];
  const csv = `tokens,labels\n${spaced.map((row) => `${row.tokens},${row.labels}`).join("\n")}\n`;
  const paths: [string, OpenOptions][] = [
    [file("a.jsonl", lines(rows)), {}],
    [file("a.parquet", new Uint8Array(parquetWriteBuffer({ columnData }))), {}],
    [file("spaced.jsonl", lines(spaced)), { labelKind: "places" }],
    [file("a.csv", csv), { labelKind: "places" }],
    [
      file(
        "numbers.jsonl",
        lines(rows.map(({ tokens, labels }) => ({ tokens, labels: labels.map((t) => (t === "B" ? 0 : 1)) }))),
      ),
      {},
    ],
  ];
  const longest = wanted.inputs.input_ids.shape[0];
  for (const [path, options] of paths) {
    const data = await datasets.open(path, { text, ...options });
    expect(data).toMatchObject({ classes: 2, input: "input_ids", label: "labels", labelShape: [longest] });
    expect(data.classNames).toEqual(path.includes("numbers") ? ["0", "1"] : ["B", "O"]);
    expect(data.train.count + data.test.count).toBe(12);
    for (const split of [data.train, data.test])
      for (let i = 0; i < split.count; i++) {
        const at = (of: ArrayLike<number>, row: number) => Array.from(of).slice(row * longest, (row + 1) * longest);
        const row = words.findIndex((_, k) => at(split.x, i).join() === at(wanted.inputs.input_ids.data, k).join());
        expect(at(split.y, i)).toEqual(at(wanted.labels.data, row));
      }
  }
});

test("tags that are named are in that order; -100 counts for nothing", async () => {
  const some = lines(
    words.map((tokens, i) => ({ tokens, labels: i === 0 ? tokens.map(() => -100) : tokens.map(() => 1) })),
  );
  const data = await datasets.open(file("some.jsonl", some), { text });
  expect([data.classes, new Set([...data.train.y, ...data.test.y])]).toEqual([2, new Set([-100, 1])]);
  const rows = lines(words.map((tokens, i) => ({ tokens, labels: tags[i] })));
  const named = await datasets.open(file("named.jsonl", rows), { text, classes: ["O", "I", "B"] });
  expect([named.classes, named.classNames]).toEqual([3, ["O", "I", "B"]]);
});

test("what is wrong is named by file and row", async () => {
  const with5 = (row: object) =>
    lines(words.map((tokens, i) => (i === 5 ? { tokens, labels: tags[i], ...row } : { tokens, labels: tags[i] })));
  expect(await refusal(file("odd.jsonl", with5({ labels: ["O"] })))).toMatchInlineSnapshot(`
    "a row has not one tag a word
      file    /odd.jsonl
      line    6
      got     1 tags in labels
      wanted  2, one for each word of tokens
      fix     correct the row"
  `);
  expect(await refusal(file("none.jsonl", with5({ labels: null })))).toMatchInlineSnapshot(`
    "a row has no words, or no tags
      file    /none.jsonl
      line    6
      column  labels
      got     nothing
      fix     fill it in, or leave such rows out: missing drop"
  `);
  expect(await refusal(file("empty.jsonl", with5({ tokens: [], labels: [] })))).toMatchInlineSnapshot(`
    "a row has no words, or no tags
      file    /empty.jsonl
      line    6
      column  tokens
      got     an empty list
      fix     fill it in, or leave such rows out: missing drop"
  `);
  expect(await refusal(file("word.jsonl", with5({ tokens: "the film" })))).toMatchInlineSnapshot(`
    "a value is not what its column holds
      file    /word.jsonl
      line    6
      column  tokens
      got     "the film"
      wanted  a list of texts, or of whole numbers
      fix     correct it, or name the column in categorical or in skipColumns"
  `);
  expect(await refusal(file("nested.jsonl", with5({ tokens: [["the"], "film"] })))).toMatchInlineSnapshot(`
    "a value is not what its column holds
      file    /nested.jsonl
      line    6
      column  tokens
      got     a list of 1
      wanted  a list of texts, or of whole numbers
      fix     correct it, or name the column in skipColumns"
  `);
  expect(await refusal(file("unknown.jsonl", with5({})), { classes: ["O", "I"] })).toMatchInlineSnapshot(`
    "a label is none of the classes
      file    /unknown.jsonl
      line    2
      column  labels
      got     B
      wanted  O, I
      fix     name all that there are by classes, or correct the label"
  `);
  const one = lines(words.map((tokens, i) => ({ tokens, label: i % 2 })));
  expect(await refusal(file("one.jsonl", one))).toMatchInlineSnapshot(`
    "words have no tag each: the labels are one a sample
      file    /one.jsonl
      line    1
      column  tokens
      got     lists
      fix     write the words as one text, or give lists of tags"
  `);
});

test("pairs of sentences from JSON Lines and Parquet", async () => {
  const rows = Array.from({ length: 10 }, (_, i) => ({
    first: `the film ${WORDS[i % 5]}`,
    second: i % 2 ? "dull" : "a delight",
    label: i % 2,
  }));
  const of = encodeTexts(
    rows.map(({ first }) => first),
    tokenizer,
    { pairs: rows.map(({ second }) => second) },
  );
  const columnData = (["first", "second"] as const).map((name) => ({
    name,
    data: rows.map((row) => row[name]),
    type: "STRING" as const,
  }));
  const label = { name: "label", data: rows.map(({ label }) => label), type: "INT32" as const };
  const parquet = new Uint8Array(parquetWriteBuffer({ columnData: [...columnData, label] }));
  for (const path of [file("pairs.jsonl", lines(rows)), file("pairs.parquet", parquet)]) {
    const data = await datasets.open(path, { text: { tokenizer, columns: ["first", "second"] } });
    expect(data).toMatchObject({ classes: 2, shape: of.inputs.input_ids.shape });
    const types = [...data.train.more!["token_type_ids"], ...data.test.more!["token_type_ids"]];
    expect(types.reduce((a, b) => a + b)).toBe(of.inputs.token_type_ids.data.reduce((a, b) => a + b));
    expect(await refusal(path)).toMatch("several columns hold texts");
  }
});
