/**
 * A task of short texts that no bag of words solves: among plain words stand animals and the word "then", and the class is the first
 * animal after it. Written as a table (Parquet) with a tokenizer.json beside it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";

const ANIMALS = ["cat", "dog", "owl", "fox", "hen", "bee"];
const THEN = "then";
const PLAIN = [
  "tea",
  "rain",
  "book",
  "jazz",
  "map",
  "snow",
  "bread",
  "chess",
  "boat",
  "lamp",
  "tree",
  "coin",
  "door",
  "milk",
];
const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
const [WORDS, NAMED] = [14, 4];
const SEED = 7;

/** Mulberry32: whole numbers below n. */
function drawing(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

function sample(draw: (n: number) => number): { readonly text: string; readonly label: number } {
  const words = Array.from({ length: WORDS }, () => PLAIN[draw(PLAIN.length)]);
  const places = Array.from({ length: WORDS }, (_, i) => i);
  const animals = [...ANIMALS];
  const taken = Array.from({ length: NAMED + 1 }, () => places.splice(draw(places.length), 1)[0]).sort((a, b) => a - b);
  const [then] = taken.splice(draw(NAMED), 1); // not the last one: an animal stands behind it
  words[then] = THEN;
  for (const place of taken) words[place] = animals.splice(draw(animals.length), 1)[0];
  return { text: words.join(" "), label: ANIMALS.indexOf(words[taken.find((place) => place > then)!]) };
}

/** Whole words, with [CLS] and [SEP] around a text. */
function tokenizer(): object {
  const vocab = [...SPECIAL, THEN, ...ANIMALS, ...PLAIN];
  const special = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  const around = [special("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, special("[SEP]")];
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: {
      type: "TemplateProcessing",
      single: around,
      pair: [...around, { Sequence: { id: "B", type_id: 1 } }, { SpecialToken: { id: "[SEP]", type_id: 1 } }],
      special_tokens: Object.fromEntries(
        ["[CLS]", "[SEP]"].map((id) => [id, { id, ids: [vocab.indexOf(id)], tokens: [id] }]),
      ),
    },
    decoder: null,
    model: { type: "WordLevel", vocab: Object.fromEntries(vocab.map((word, id) => [word, id])), unk_token: "[UNK]" },
  };
}

/** Writes train.parquet, test.parquet and tokenizer.json; returns the folder. */
export async function writeOrderTexts(folder: string, counts: { readonly train: number; readonly test: number }) {
  await mkdir(folder, { recursive: true });
  const draw = drawing(SEED);
  for (const [part, count] of Object.entries(counts)) {
    const samples = Array.from({ length: count }, () => sample(draw));
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: "text", data: samples.map((s) => s.text), type: "STRING" },
        { name: "label", data: samples.map((s) => BigInt(s.label)), type: "INT64" },
      ],
      kvMetadata: [
        {
          key: "huggingface",
          value: JSON.stringify({ info: { features: { label: { names: ANIMALS, _type: "ClassLabel" } } } }),
        },
      ],
    });
    await writeFile(join(folder, `${part}.parquet`), new Uint8Array(bytes));
  }
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizer()));
  return folder;
}
