/**
 * tokenizer.json, as the `tokenizers` library writes it, for some of its tokens: the vocabulary, the tokens that were added, and those
 * that it puts around a text, all under new ids. A text is taken apart into the tokens that are left, so one that needs others
 * becomes other pieces than it was, or the unknown token.
 */
import { z } from "zod";
import { EspalierError, UsageError } from "../error.ts";
import { aList, wants } from "../given.ts";

const id = z.int().min(0);
/** Not z.record, which leaves out a token that is called __proto__. */
type Ids = Readonly<Record<string, number>>;
const vocab = z.custom<Ids>(
  (v) => typeof v === "object" && v !== null && Object.values(v).every((n) => id.safeParse(n).success),
  "an id for each token",
);
type Merge = z.infer<typeof Merge>;
const Merge = z.union([z.string(), z.tuple([z.string(), z.string()])]);
/** What is said in the file and stays as it is goes through unchecked. */
const Vocabulary = z.union([
  z.looseObject({
    type: z.literal("BPE"),
    vocab,
    merges: z.array(Merge),
    unk_token: z.string().nullish(),
  }),
  z.looseObject({
    type: z.literal("Unigram"),
    vocab: z.array(z.tuple([z.string(), z.number()])),
    unk_id: id.nullish(),
  }),
  z.looseObject({ type: z.enum(["WordPiece", "WordLevel"]), vocab, unk_token: z.string().nullish() }),
]);
const named = z.tuple([z.string(), id]);
type Processor = z.infer<typeof Processor>;
const Processor = z.union([
  z.looseObject({
    type: z.literal("TemplateProcessing"),
    special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(id) })),
  }),
  z.looseObject({ type: z.enum(["BertProcessing", "RobertaProcessing"]), sep: named, cls: named }),
  z.looseObject({
    type: z.literal("Sequence"),
    get processors(): z.ZodArray<typeof Processor> {
      return z.array(Processor);
    },
  }),
  z.looseObject({ type: z.literal("ByteLevel") }),
]);
const TokenizerFile = z.looseObject({
  model: Vocabulary,
  added_tokens: z.array(z.looseObject({ id, content: z.string() })).nullish(),
  post_processor: Processor.nullish(),
  padding: z.looseObject({ pad_id: id, pad_token: z.string() }).nullish(),
});

/**
 * A tokenizer that makes only some of the tokens that it made.
 * @param file what tokenizer.json holds, parsed
 * @param ids the old id of each new one, as `keepVocab` gives them; those that the tokenizer has not are left out
 * @returns what the new tokenizer.json holds
 * @throws EspalierError for a file of another form; UsageError where a token goes that it needs: the unknown one, padding, those around
 *   a text, those that others are put together from
 */
export function keepTokens(file: unknown, ids: readonly number[]): unknown {
  wants("keepTokens", ["ids", aList, ids]);
  if (ids.some((old, i) => i > 0 && !(old > ids[i - 1])))
    throw new UsageError(
      "out-of-range",
      "ids of tokens must ascend",
      undefined,
      "give the ids of what keepVocab returns",
    );
  const read = TokenizerFile.safeParse(file);
  if (!read.success) {
    const [{ path, message }] = read.error.issues;
    throw new EspalierError(
      "unsupported",
      "the tokenizer is of no form that can be cut",
      { field: path.join("."), reason: message },
      "cut it by hand: the file of new ids says which",
    );
  }
  const now = new Map(ids.map((old, i) => [old, i]));
  const needed = (old: number, what: string): number => {
    const found = now.get(old);
    if (found !== undefined) return found;
    throw new UsageError(
      "missing",
      "a token goes that the tokenizer needs",
      { token: old, is: what },
      "keep that id too",
    );
  };
  const { model, added_tokens, post_processor, padding } = read.data;
  return {
    ...read.data,
    model: cutModel(model, now, needed),
    ...(added_tokens && {
      added_tokens: added_tokens.flatMap((t) => (now.has(t.id) ? [{ ...t, id: now.get(t.id)! }] : [])),
    }),
    ...(post_processor && { post_processor: cutProcessor(post_processor, needed) }),
    ...(padding && { padding: { ...padding, pad_id: needed(padding.pad_id, `padding, ${padding.pad_token}`) } }),
  };
}

type New = ReadonlyMap<number, number>;
type Needed = (old: number, what: string) => number;

function cutModel(model: z.infer<typeof Vocabulary>, now: New, needed: Needed): z.infer<typeof Vocabulary> {
  if (model.type === "Unigram") {
    const unknown = model.unk_id ?? undefined;
    const kept = model.vocab.filter((_, old) => now.has(old));
    return { ...model, vocab: kept, ...(unknown !== undefined && { unk_id: needed(unknown, "the unknown token") }) };
  }
  const kept = Object.fromEntries(
    Object.entries(model.vocab).flatMap(([t, old]) => (now.has(old) ? [[t, now.get(old)!]] : [])),
  );
  const unknown = model.unk_token ? model.vocab[model.unk_token] : undefined;
  if (unknown !== undefined) needed(unknown, "the unknown token");
  if (model.type !== "BPE") return { ...model, vocab: kept };
  return { ...model, vocab: kept, merges: cutMerges(model, kept) };
}

/** @throws UsageError where a token stays that could be made no more, since what it is put together from goes */
function cutMerges({ vocab, merges }: { readonly vocab: Ids; readonly merges: readonly Merge[] }, kept: Ids): Merge[] {
  const parts = merges.map((merge) => (typeof merge === "string" ? merge.split(" ") : merge));
  const stays = parts.map((two) => [...two, two.join("")].every((token) => Object.hasOwn(kept, token)));
  const made = new Set(parts.flatMap((two, i) => (stays[i] ? [two.join("")] : [])));
  const lost = parts.filter((two) => Object.hasOwn(kept, two.join("")) && !made.has(two.join("")));
  if (lost.length > 0) {
    const gone = [...new Set(lost.flat().filter((token) => !Object.hasOwn(kept, token)))];
    throw new UsageError(
      "missing",
      "a token stays that is put together from tokens that go",
      {
        token: lost[0].join(""),
        from: lost[0].join(" + "),
        "ids that go": gone.map((token) => vocab[token]).join(", "),
      },
      "keep those ids too",
    );
  }
  return merges.filter((_, i) => stays[i]);
}

function cutProcessor(processor: Processor, needed: Needed): Processor {
  const around = "a token around a text";
  switch (processor.type) {
    case "TemplateProcessing": {
      const special = Object.entries(processor.special_tokens).map(([name, t]) => [
        name,
        { ...t, ids: t.ids.map((old) => needed(old, `${around}, ${name}`)) },
      ]);
      return { ...processor, special_tokens: Object.fromEntries(special) };
    }
    case "BertProcessing":
    case "RobertaProcessing": {
      const cut = ([name, old]: readonly [string, number]): [string, number] => [
        name,
        needed(old, `${around}, ${name}`),
      ];
      return { ...processor, sep: cut(processor.sep), cls: cut(processor.cls) };
    }
    case "Sequence":
      return { ...processor, processors: processor.processors.map((p) => cutProcessor(p, needed)) };
    case "ByteLevel":
      return processor;
  }
}
