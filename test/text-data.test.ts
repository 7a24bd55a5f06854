/** Texts in a table, read with the tokenizer of a model's folder, on the command line. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at } = commandLine();
const fixture = fileURLToPath(new URL("fixtures/text/tiny-bert", import.meta.url));
const one = ["--threads", "1"];
const WORDS = ["the", "film", "was", "a", "story", "of", "music", "and", "time"];

/** Rows with an id, a text of few or many words, and whether it is good. */
function reviews(n: number): string {
  const rows = Array.from({ length: n }, (_, i) => {
    const words = Array.from({ length: 2 + ((i * 7) % (i % 6 === 0 ? 30 : 9)) }, (_, j) => WORDS[(i * 3 + j * 5) % 9]);
    const good = (i * 5) % 3 === 0;
    return `${i},"${words.join(" ")}, ${good ? "a delight" : "dull"}",${good ? "good" : "bad"}`;
  });
  return `id,review,label\n${rows.join("\n")}\n`;
}
const settings = ["--optimizer", "adamw", "--epochs", "8", "--batch-size", "12", "--lr", "0.01", ...one];

test("a folder trains on a table of texts with no further flag, and its small folder scores the same", async () => {
  await writeFile(at("reviews.csv"), reviews(150));
  const flags = ["--penalty", "none", "--out", "run", ...settings];
  const { status, stderr } = await espalier("train", "--model", fixture, "--data", "reviews.csv", ...flags);
  expect([status, stderr]).toEqual([0, expect.stringContaining("texts: review, as")]);
  expect(stderr).toMatch(/samples are filled up to [\d, ]+ places/);
  expect(stderr).toContain("the classes have the order of the model's outputs: good, bad (in the data: bad, good)");
  const { accuracy } = JSON.parse(await readFile(at("run/summary.json"), "utf8"));
  expect(accuracy).toBeGreaterThan(0.9);
  const scored = await asked(
    "evaluate",
    "run/small",
    "--data",
    "reviews.csv",
    "--text-columns",
    "review",
    ...one,
    "--json",
  );
  expect([scored.status, JSON.parse(scored.stdout).accuracy]).toEqual([0, accuracy]);
  const tokenizer = ["--tokenizer", fixture, "--text-columns", "review"];
  const file = await asked("evaluate", "run/small.onnx", "--data", "reviews.csv", ...tokenizer, ...one, "--json");
  expect([file.status, JSON.parse(file.stdout).accuracy]).toEqual([0, accuracy]);
});

test("the only column of texts needs no name; pairs are two", async () => {
  const rows = Array.from(
    { length: 30 },
    (_, i) => `"the film ${WORDS[i % 9]}","${i % 2 ? "a delight" : "dull"}",${i % 2 ? "good" : "bad"}`,
  );
  await writeFile(at("pairs.csv"), `question,answer,label\n${rows.join("\n")}\n`);
  const scored = await asked("evaluate", fixture, "--data", "pairs.csv", "--text-columns", "question,answer", ...one);
  expect([scored.status, scored.stderr]).toEqual([0, expect.stringContaining("texts: question and answer")]);
  await writeFile(at("plain.csv"), reviews(20).replace(/^\d+,/gm, "").replace(/^id,/, ""));
  const plain = await asked("evaluate", fixture, "--data", "plain.csv", ...one);
  expect([plain.status, plain.stderr]).toEqual([0, expect.stringContaining("texts: review")]);
  const several = await asked("evaluate", fixture, "--data", "pairs.csv", ...one);
  expect([several.status, several.stderr]).toEqual([2, expect.stringContaining("several columns hold texts")]);
});

test.each<[string, string, string[], number, RegExp]>([
  ["a column that is not there", reviews(20), ["--text-columns", "text"], 2, /no such column[\s\S]*text/],
  ["an empty text", `review,label\nfilm,good\n"",bad\nfilm,good\n`, [], 1, /a text is missing[\s\S]*line +3/],
  ["more tokens than positions", reviews(20), ["--text-columns", "review", "--max-length", "49"], 2, /1 … 48/],
  [
    "classes that are not the model's",
    reviews(20).replaceAll("bad", "poor"),
    ["--text-columns", "review"],
    1,
    /not those of the model/,
  ],
])("refused: %s", async (_, table, flags, status, said) => {
  await writeFile(at("odd.csv"), table);
  const ran = await asked("evaluate", fixture, "--data", "odd.csv", ...flags, ...one);
  expect([ran.status, ran.stderr]).toEqual([status, expect.stringMatching(said)]);
});

test("a damaged tokenizer, one of an unknown type and one with tokens beyond the model's are refused", async () => {
  await writeFile(at("reviews.csv"), reviews(20));
  const evaluate = () => asked("evaluate", "copy", "--data", "reviews.csv", "--text-columns", "review", ...one);
  await cp(fixture, at("copy"), { recursive: true });
  const whole = await readFile(at("copy/tokenizer.json"), "utf8");
  for (const [content, said] of [
    [whole.slice(0, 500), /no JSON/],
    [
      whole.replaceAll('"type": "WordPiece"', '"type": "Magic"').replace(/"decoder": [{][^}]*}/, '"decoder": null'),
      /type that is not known[\s\S]*Magic/,
    ],
    [
      whole.replace(/"film": \d+/, '"film": 4000'),
      /beyond the model's vocabulary[\s\S]*reviews\.csv\n +line +\d+[\s\S]*4000/,
    ],
  ] as const) {
    await writeFile(at("copy/tokenizer.json"), content);
    const { status, stderr } = await evaluate();
    expect([status, stderr]).toEqual([1, expect.stringMatching(said)]);
  }
});

test("what is said of texts needs a tokenizer, and texts", async () => {
  await writeFile(at("reviews.csv"), reviews(20));
  const without = await asked(
    "evaluate",
    `${fixture}/onnx/model.onnx`,
    "--data",
    "reviews.csv",
    "--text-columns",
    "review",
  );
  expect([without.status, without.stderr]).toEqual([2, expect.stringContaining("texts want a tokenizer")]);
});

test("tags of words train a model of a class for each token, in the order of its outputs", async () => {
  const tagger = fileURLToPath(new URL("fixtures/text/tiny-tagger", import.meta.url));
  const rows = Array.from({ length: 80 }, (_, i) => {
    const tokens = Array.from({ length: 2 + (i % 7) }, (_, j) => WORDS[(i * 3 + j * 5) % 9]);
    return JSON.stringify({ tokens, tags: tokens.map((w) => ({ film: "B-WORK", music: "B-MOOD" })[w] ?? "O") });
  });
  await writeFile(at("tags.jsonl"), rows.join("\n"));
  const data = ["--data", "tags.jsonl", "--label-columns", "tags"];
  const flags = [...data, "--penalty", "none", "--out", "tagged", ...settings];
  const ran = await espalier("train", "--model", tagger, ...flags);
  expect([ran.status, ran.stderr]).toEqual([0, expect.stringContaining("each has a tag of tags: B-MOOD, B-WORK, O")]);
  expect(ran.stderr).toContain("the classes have the order of the model's outputs: B-WORK, O, B-MOOD");
  const { accuracy } = JSON.parse(await readFile(at("tagged/summary.json"), "utf8"));
  expect(accuracy).toBeGreaterThan(0.9);
  const scored = await asked("evaluate", "tagged/small", ...data, ...one, "--json");
  expect([scored.status, JSON.parse(scored.stdout).accuracy]).toEqual([0, accuracy]);
  await writeFile(at("odd.jsonl"), `${rows.slice(0, 3).join("\n")}\n{"tokens": ["a", "film"], "tags": ["O"]}\n`);
  const odd = await asked("evaluate", tagger, "--data", "odd.jsonl", "--label-columns", "tags", ...one);
  expect([odd.status, odd.stderr]).toEqual([
    1,
    expect.stringMatching(/not one tag a word[\s\S]*odd\.jsonl\n +line +4/),
  ]);
});
