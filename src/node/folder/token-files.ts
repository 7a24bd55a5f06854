/** What files beside a tokenizer say of ids, for a vocabulary of which some tokens are left. */

/** Vocabularies in forms that are not cut: what a fast tokenizer has is all in tokenizer.json. */
export const VOCABULARY_FILES: readonly string[] = [
  "vocab.txt",
  "vocab.json",
  "merges.txt",
  "added_tokens.json",
  "spiece.model",
  "sentencepiece.bpe.model",
  "tokenizer.model",
];

type Ids = ReadonlyMap<number, number>;

/** Old id → new id. */
export const keptIds = (ids: readonly number[]): Ids => new Map(ids.map((old, now) => [old, now]));

const isObject = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && !Array.isArray(x);

/** A config with new ids where it speaks of tokens: pad_token_id and its like, and the tokens that were added, by id. */
export function withKeptIds(config: unknown, ids: Ids): unknown {
  if (!isObject(config)) return config;
  const now = Object.entries(config).flatMap(([key, value]): [string, unknown][] => {
    if (/_token_ids?$/.test(key)) return [[key, renumbered(value, ids)]];
    if (key !== "added_tokens_decoder" || !isObject(value)) return [[key, value]];
    const left = Object.entries(value).flatMap(([id, token]) => {
      const to = ids.get(Number(id));
      return to === undefined ? [] : [[String(to), token]];
    });
    return [[key, Object.fromEntries(left)]];
  });
  return Object.fromEntries(now);
}

/** An id, or a list of them; null for one that is gone. */
const renumbered = (value: unknown, ids: Ids): unknown =>
  Array.isArray(value)
    ? value.map((one) => renumbered(one, ids))
    : typeof value === "number"
      ? (ids.get(value) ?? null)
      : value;
