/**
 * A tokenizer.json as a function from texts to ids. Hugging Face's library for JavaScript takes texts apart; what it leaves out — cutting
 * to a length, which tokens stand around a text, which of two texts a token is of — is done here as the `tokenizers` library does it.
 */
import { Tokenizer } from "@huggingface/tokenizers";
import { isInteger } from "../../checks.ts";
import { EspalierError, UsageError } from "../../error.ts";
import { aList, anObject, aText, wants } from "../../given.ts";
import { named, say } from "../../message.ts";
import { type Layout, layoutOf, type Standing } from "./layout.ts";
import {
  checked,
  modelConfig,
  preTokenizerMeant,
  type TokenizerJson,
  tokenizerConfig,
  tokenizerJson,
  tokenText,
} from "./tokenizer-parts.ts";
import { cutLengths, cutTo } from "./truncate.ts";

/** The parsed files of a tokenizer, as they lie in a model's folder. */
export interface TokenizerFiles {
  /** tokenizer.json */
  readonly tokenizer: unknown;
  /** tokenizer_config.json */
  readonly config?: unknown;
  /** special_tokens_map.json */
  readonly special?: unknown;
  /** config.json: how many positions the model has, and its padding. */
  readonly model?: unknown;
}

/** The tokens of one text, or of a pair. */
export interface Tokens {
  readonly ids: readonly number[];
  /** 0 for the first text, 1 for the second: `token_type_ids`. */
  readonly types: readonly number[];
  /** Of texts that are given as words: the word that a token is of; −1 for those around the text. */
  readonly words: readonly number[];
  /** Whether tokens were left out. */
  readonly cut: boolean;
}

/** From texts to ids. */
export interface TextTokenizer {
  /** How it takes words apart: "WordPiece", "BPE", "Unigram", "WordLevel". */
  readonly kind: string;
  /** One more than the largest id. */
  readonly size: number;
  /** The id that fills texts up; undefined where its files name none. */
  readonly pad: number | undefined;
  /** How many tokens a text has at most, those around it included, by its files: undefined where they do not say. */
  readonly maxLength: number | undefined;
  /** What says so. */
  readonly maxLengthFrom: string | undefined;
  /** How many positions the model has, where config.json was given. */
  readonly positions: number | undefined;
  /** @param maxLength the most tokens. Default: all */
  encode(text: string, pair?: string, maxLength?: number): Tokens;
  /** A text that is in words already, each of which has a label, say. */
  encodeWords(words: readonly string[], maxLength?: number): Tokens;
  /** The id of a token. */
  idOf(token: string): number | undefined;
}

/** A length beyond this is Python's way to say that there is none. */
const NO_LENGTH = 1e6;
/** Models whose positions begin behind that of the padding. */
const SHIFTED = ["roberta", "xlm-roberta", "camembert", "xmod", "longformer", "mpnet", "data2vec-text", "esm", "luke"];

/**
 * The tokenizer of some files.
 * @throws EspalierError for a file that is damaged, or of a type that is not known: WordPiece, BPE, Unigram and WordLevel are
 */
export function textTokenizer(files: TokenizerFiles): TextTokenizer {
  wants("textTokenizer", ["files", anObject, files], ["tokenizer", anObject, files, "tokenizer"]);
  checkKind(files.tokenizer);
  const json = checked(tokenizerJson, files.tokenizer, "tokenizer.json");
  const special = checked(tokenizerConfig, files.special, "special_tokens_map.json");
  const config = { ...special, ...checked(tokenizerConfig, files.config, "tokenizer_config.json") };
  const model = checked(modelConfig, files.model, "config.json");
  const inner = made(json, config);
  const unknown = unknownId(json, inner);
  const idsOf = (text: string): number[] => {
    const tokens: readonly (string | undefined)[] = inner.tokenize(text);
    return tokens.flatMap((token) => {
      const found = token === undefined ? unknown : (inner.token_to_id(token) ?? unknown);
      if (found !== undefined) return [found];
      if (json.model.type === "BPE") return []; // a piece without a token is passed over, as `tokenizers` does
      throw new EspalierError("mismatch", "a piece of a text has no token, and the tokenizer no unknown one", {
        piece: token,
        text,
      });
    });
  };
  const layouts = { one: layoutOf(json, inner, false), two: layoutOf(json, inner, true) };
  const left = config.truncation_side === "left";
  const laidOut = (parts: readonly (readonly number[])[], words: readonly number[], maxLength?: number): Tokens => {
    const layout = parts.length === 1 ? layouts.one : layouts.two;
    const around = layout.filter((p) => p.part === undefined).length;
    const keep = cutLengths(
      parts.map((p) => p.length),
      roomIn(maxLength, around),
    );
    const cut = parts.map((p, i) => cutTo(p, keep[i], left));
    return { ...fill(layout, cut, cutTo(words, keep[0], left)), cut: keep.some((n, i) => n < parts[i].length) };
  };
  const padToken = json.padding?.pad_token ?? tokenText(config.pad_token);
  const positions = positionsOf(model);
  const byConfig = (config.model_max_length ?? NO_LENGTH) < NO_LENGTH ? config.model_max_length! : undefined;
  const maxLength = Math.min(byConfig ?? Number.POSITIVE_INFINITY, positions ?? Number.POSITIVE_INFINITY);
  return {
    kind: json.model.type,
    size: 1 + largestId(json),
    pad: (padToken === undefined ? undefined : inner.token_to_id(padToken)) ?? model.pad_token_id ?? undefined,
    maxLength: Number.isFinite(maxLength) ? maxLength : undefined,
    maxLengthFrom:
      maxLength === byConfig ? "tokenizer_config.json" : maxLength === positions ? "config.json" : undefined,
    positions,
    encode(text, pair, maxLength) {
      wants("encode", ["text", aText, text]);
      const parts = pair === undefined ? [idsOf(text)] : [idsOf(text), idsOf(pair)];
      return laidOut(parts, new Array<number>(parts[0].length).fill(0), maxLength);
    },
    encodeWords(words, maxLength) {
      wants("encodeWords", ["words", aList, words]);
      const each = words.map(idsOf);
      return laidOut(
        [each.flat()],
        each.flatMap((ids, word) => ids.map(() => word)),
        maxLength,
      );
    },
    idOf: (token) => inner.token_to_id(token),
  };
}

/** @throws UsageError for a length that leaves no place for a text */
function roomIn(maxLength: number | undefined, around: number): number {
  if (maxLength === undefined) return Number.POSITIVE_INFINITY;
  if (isInteger(maxLength, around + 1)) return maxLength - around;
  throw new UsageError("out-of-range", say`${named("maxLength")} leaves no place for a text`, {
    got: maxLength,
    wanted: `an integer ≥ ${around + 1}: ${around} tokens stand around a text`,
  });
}

/** A layout with the tokens in it. */
function fill(layout: Layout, parts: readonly (readonly number[])[], words: readonly number[]): Omit<Tokens, "cut"> {
  const all = layout.flatMap(({ part, id, type }: Standing) =>
    part === undefined
      ? [{ id: id!, type, word: -1 }]
      : parts[part].map((id, i) => ({ id, type, word: part === 0 ? words[i] : -1 })),
  );
  return { ids: all.map((t) => t.id), types: all.map((t) => t.type), words: all.map((t) => t.word) };
}

function made(json: TokenizerJson, config: object): Tokenizer {
  const unk = json.model.type === "Unigram" ? undefined : json.model.unk_token;
  const meant = {
    decoder: null,
    normalizer: null,
    post_processor: null,
    ...json,
    added_tokens: json.added_tokens ?? [],
    pre_tokenizer: preTokenizerMeant(json.pre_tokenizer) ?? null,
  };
  try {
    return new Tokenizer(meant, { ...config, ...(unk ? { unk_token: unk } : {}) });
  } catch (e) {
    throw new EspalierError(
      "unsupported",
      "the tokenizer cannot be read",
      { file: "tokenizer.json", reason: e instanceof Error ? e.message : String(e) },
      "tokenize with Python's `transformers` and give the ids as an .npz file",
    );
  }
}

/** @throws EspalierError for a type of model that is none of those that are known */
function checkKind(tokenizer: unknown): void {
  const { model } = tokenizer as { readonly model?: { readonly type?: unknown } };
  const type = model?.type;
  if (typeof type !== "string" || ["WordPiece", "BPE", "Unigram", "WordLevel"].includes(type)) return;
  throw new EspalierError(
    "unsupported",
    "the tokenizer is of a type that is not known",
    { file: "tokenizer.json", got: type, wanted: "WordPiece, BPE, Unigram, WordLevel" },
    "tokenize with Python's `transformers` and give the ids as an .npz file",
  );
}

function unknownId({ model }: TokenizerJson, inner: Tokenizer): number | undefined {
  if (model.type === "Unigram") return model.unk_id ?? undefined;
  return model.unk_token ? inner.token_to_id(model.unk_token) : undefined;
}

function largestId({ model, added_tokens }: TokenizerJson): number {
  const own = model.type === "Unigram" ? [model.vocab.length - 1] : Object.values(model.vocab);
  const added = (added_tokens ?? []).map((t) => t.id);
  return [...own, ...added].reduce((a, b) => Math.max(a, b), 0);
}

function positionsOf(model: ModelConfigOf): number | undefined {
  const all = model.max_position_embeddings ?? model.n_positions ?? undefined;
  if (all === undefined || all < 1) return undefined;
  return SHIFTED.includes(model.model_type ?? "") ? all - 1 - (model.pad_token_id ?? 1) : all;
}
type ModelConfigOf = ReturnType<typeof modelConfig.parse>;
