/** Columns of texts as the arrays that a model of text takes: ids, which places are text, of which of two texts a place is. */
import { isInteger } from "../../checks.ts";
import { EspalierError, UsageError } from "../../error.ts";
import { aList, anObject, aText, maybe, wants } from "../../given.ts";
import { option, say, type Words } from "../../message.ts";
import { didYouMean } from "../../nearest.ts";
import { IGNORED } from "../columns.ts";
import type { TextTokenizer, Tokens } from "./tokenizer.ts";

/** Options of `encodeTexts` and `encodeWords`. */
export interface EncodeOptions {
  /** The most tokens of a text; longer ones are cut. Default: as many as the tokenizer's files say, else the longest text has. */
  readonly maxLength?: number;
  /** How many places every text has, for a model that takes no other number. Default: as many as the longest has. */
  readonly length?: number;
  /** What messages call the texts. Default "text". */
  readonly name?: string;
}

/** Numbers of all texts, row after row, filled up to one length. */
export interface TokenColumn {
  readonly data: Int32Array;
  /** Of one text: [length]. */
  readonly shape: readonly number[];
}

/** Texts as numbers. `inputs`, `labels` and `places` are what `fromColumns` takes. */
export interface EncodedTexts {
  readonly inputs: Readonly<Record<"input_ids" | "attention_mask" | "token_type_ids", TokenColumn>>;
  /** How many places of each text are its own. */
  readonly lengths: Int32Array;
  /** What was guessed or cut. */
  readonly notes: readonly Words[];
}

/** Words with a tag for each, as numbers. */
export interface EncodedWords extends EncodedTexts {
  /** The class of each place; −100, which counts for nothing, where a word goes on, around the text and behind it. */
  readonly labels: TokenColumn;
  readonly classes: readonly string[];
}

/**
 * Texts as `input_ids`, `attention_mask` and `token_type_ids`.
 * @param texts one a sample
 * @param options.pairs the second text of each sample
 * @throws UsageError for a length that the model has no positions for, or that leaves no place for a text; EspalierError naming the
 *   sample that is no text or has no tokens
 */
export function encodeTexts(
  texts: readonly string[],
  tokenizer: TextTokenizer,
  options: EncodeOptions & { readonly pairs?: readonly string[] } = {},
): EncodedTexts {
  wants(
    "encodeTexts",
    ["texts", aList, texts],
    ["tokenizer", anObject, tokenizer],
    ["options", anObject, options],
    ["pairs", maybe(aList), options, "pairs"],
    ["name", maybe(aText), options, "name"],
  );
  const { pairs, name = "text" } = options;
  if (pairs && pairs.length !== texts.length)
    throw new EspalierError("mismatch", "the two texts of a pair differ in number", {
      got: pairs.length,
      wanted: texts.length,
    });
  const most = mostTokens(tokenizer, options);
  for (const column of [texts, ...(pairs ? [pairs] : [])]) checkTexts(column, name);
  return filled(
    texts.map((text, i) => tokenizer.encode(text, pairs?.[i], most)),
    tokenizer,
    { ...options, name },
    most,
  );
}

/**
 * Words and a tag for each of them, as tokens and a class for each of these: that of the word for its first token, −100 for the others.
 * @param words of each sample
 * @param tags of each sample, one a word; "-100" counts for nothing
 * @param options.classes all tags, in the order of the model's outputs. Default: those that occur, sorted
 * @throws EspalierError naming the sample whose tags are not as many as its words, or a tag that is none of the classes
 */
export function encodeWords(
  words: readonly (readonly string[])[],
  tags: readonly (readonly string[])[],
  tokenizer: TextTokenizer,
  options: EncodeOptions & { readonly classes?: readonly string[] } = {},
): EncodedWords {
  wants(
    "encodeWords",
    ["words", aList, words],
    ["tags", aList, tags],
    ["tokenizer", anObject, tokenizer],
    ["options", anObject, options],
    ["classes", maybe(aList), options, "classes"],
  );
  const { name = "words" } = options;
  const most = mostTokens(tokenizer, options);
  words.forEach((sample, i) => {
    if (Array.isArray(sample) && Array.isArray(tags[i]) && sample.length === tags[i].length) return;
    throw new EspalierError("mismatch", "a sample has not one tag a word", {
      sample: i,
      got: `${tags[i]?.length ?? 0} tags`,
      wanted: `${sample?.length ?? 0}, one a word`,
    });
  });
  for (const sample of words) checkTexts(sample, name, true);
  const classes = options.classes ?? [...new Set(tags.flat())].filter((tag) => tag !== String(IGNORED)).sort();
  const index = new Map(classes.map((c, i) => [c, i]));
  const all = words.map((sample) => tokenizer.encodeWords(sample, most));
  const encoded = filled(all, tokenizer, { ...options, name }, most);
  const length = encoded.inputs.input_ids.shape[0];
  const data = new Int32Array(all.length * length).fill(IGNORED);
  all.forEach((tokens, sample) => {
    tokens.words.forEach((word, place) => {
      if (word < 0 || word === tokens.words[place - 1]) return;
      const tag = tags[sample][word];
      const found = tag === String(IGNORED) ? IGNORED : index.get(tag);
      if (found === undefined)
        throw new EspalierError(
          "mismatch",
          "a tag is none of the classes",
          { sample, word: words[sample][word], got: tag, wanted: classes.join(", ") },
          didYouMean(tag, classes),
        );
      data[sample * length + place] = found;
    });
  });
  return { ...encoded, labels: { data, shape: [length] }, classes };
}

/** @throws UsageError for more tokens than there are positions */
function mostTokens(tokenizer: TextTokenizer, { maxLength, length }: EncodeOptions): number | undefined {
  const { positions } = tokenizer;
  for (const [name, given] of Object.entries({ maxLength, length })) {
    if (given === undefined || (isInteger(given, 1) && given <= (positions ?? given))) continue;
    throw new UsageError("out-of-range", say`${option(name)} is out of range`, {
      got: given,
      wanted: positions === undefined ? "an integer ≥ 1" : `1 … ${positions}, the model's positions`,
    });
  }
  const most = Math.min(...[maxLength ?? tokenizer.maxLength, length].flatMap((n) => n ?? []));
  return Number.isFinite(most) ? most : undefined;
}

/** @throws EspalierError naming the sample that is no text, or an empty one */
function checkTexts(texts: readonly unknown[], name: string, mayBeEmpty = false): void {
  const at = texts.findIndex((t) => typeof t !== "string" || (!mayBeEmpty && t.trim() === ""));
  if (at < 0 && texts.length > 0) return;
  const got = texts[at];
  throw new EspalierError(
    "mismatch",
    texts.length === 0 ? "there are no texts" : "a sample has no text",
    { column: name, sample: at < 0 ? undefined : at, got: typeof got === "string" ? "an empty text" : String(got) },
    "leave such samples out, or correct them",
  );
}

function filled(
  all: readonly Tokens[],
  tokenizer: TextTokenizer,
  { length, name }: EncodeOptions,
  most: number | undefined,
): EncodedTexts {
  const lengths = Int32Array.from(all, (t) => t.ids.length);
  const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
  const empty = lengths.indexOf(0);
  if (empty >= 0)
    throw new EspalierError("mismatch", "a text has no tokens", { column: name, sample: empty }, "leave it out");
  const places = length ?? longest;
  const { pad } = tokenizer;
  if (pad === undefined && lengths.some((n) => n < places))
    throw new EspalierError(
      "missing",
      "the tokenizer has no token that fills texts up",
      { wanted: "pad_token in tokenizer_config.json, or padding in tokenizer.json" },
      "add it to tokenizer_config.json; models without one take any token, such as their end of text",
    );
  const column = (fill: number, of: (t: Tokens) => readonly number[]): TokenColumn => {
    const data = new Int32Array(all.length * places).fill(fill);
    all.forEach((t, i) => {
      data.set(of(t), i * places);
    });
    return { data, shape: [places] };
  };
  const cut = all.reduce((n, t) => n + Number(t.cut), 0);
  return {
    inputs: {
      input_ids: column(pad ?? 0, (t) => t.ids),
      attention_mask: column(0, (t) => new Array<number>(t.ids.length).fill(1)),
      token_type_ids: column(0, (t) => t.types),
    },
    lengths,
    notes: cut > 0 ? [cutNote(cut, all.length, most!, tokenizer)] : [],
  };
}

const cutNote = (cut: number, of: number, most: number, { maxLength, maxLengthFrom }: TextTokenizer): Words =>
  say`${cut} of ${of} texts have more than ${most} tokens${most === maxLength ? ` (${maxLengthFrom})` : ""} and are cut; ${option("maxLength")} says how many stay`;
