/** What is looked at in the files of a tokenizer before it is made, so that nothing of them is read as something else. */
import { z } from "zod";
import { EspalierError } from "../../error.ts";

const token = z.union([z.string(), z.looseObject({ content: z.string() })]);
/** A token by its text, however the file spells it. */
export const tokenText = (of: z.infer<typeof token> | null | undefined): string | undefined =>
  typeof of === "string" ? of : of?.content;

const id = z.int().min(0);
const ids = z.custom<Readonly<Record<string, number>>>(
  (v) => typeof v === "object" && v !== null && Object.values(v).every((n) => id.safeParse(n).success),
  "an id for each token",
);
/** How a text is taken apart into tokens; the types that are known. */
const Model = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("WordPiece"), vocab: ids, unk_token: z.string() }),
  z.looseObject({ type: z.literal("WordLevel"), vocab: ids, unk_token: z.string() }),
  z.looseObject({
    type: z.literal("BPE"),
    vocab: ids,
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
    unk_token: z.string().nullish(),
  }),
  z.looseObject({
    type: z.literal("Unigram"),
    vocab: z.array(z.tuple([z.string(), z.number()])),
    unk_id: id.nullish(),
  }),
]);
const step = z.looseObject({ type: z.string() });

/** tokenizer.json. What is said in it beyond this is checked by whoever reads it. */
export const tokenizerJson = z.looseObject({
  model: Model,
  added_tokens: z.array(z.looseObject({ id, content: z.string(), special: z.boolean().optional() })).nullish(),
  normalizer: step.nullish(),
  pre_tokenizer: step.nullish(),
  post_processor: step.nullish(),
  decoder: step.nullish(),
  padding: z.looseObject({ pad_id: id, pad_token: z.string() }).nullish(),
});
export type TokenizerJson = z.infer<typeof tokenizerJson>;

/** tokenizer_config.json and special_tokens_map.json. */
export const tokenizerConfig = z.looseObject({
  model_max_length: z.number().nullish(),
  pad_token: token.nullish(),
  eos_token: token.nullish(),
  truncation_side: z.enum(["left", "right"]).nullish(),
  padding_side: z.enum(["left", "right"]).nullish(),
});

/** What of config.json a tokenizer has to do with. */
export const modelConfig = z.looseObject({
  model_type: z.string().nullish(),
  max_position_embeddings: z.int().nullish(),
  n_positions: z.int().nullish(),
  pad_token_id: z.int().nullish(),
});

/** Reads one of the files. @throws EspalierError naming the field that is not as it should be */
export function checked<T>(schema: z.ZodType<T>, file: unknown, name: string): T {
  const read = schema.safeParse(file ?? {});
  if (read.success) return read.data;
  const [{ path, message }] = read.error.issues;
  throw new EspalierError(
    "invalid-file",
    `${name} is not as it should be`,
    { file: name, field: path.join(".") || undefined, reason: message },
    "save it again with the `tokenizers` library (save_pretrained), or get it anew",
  );
}

/** Ways of splitting that are read as another way. */
const OTHER_SPLITS = ["MergedWithPrevious", "MergedWithNext", "Contiguous"];
const isStep = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);

/**
 * A step before the tokens as it is meant. `Whitespace` knows the letters of all alphabets, which only a pattern that is given is read with.
 * @throws EspalierError for one that would be read as another
 */
export function preTokenizerMeant(step: unknown): unknown {
  if (!isStep(step)) return step;
  if (Array.isArray(step["pretokenizers"]))
    return { ...step, pretokenizers: step["pretokenizers"].map(preTokenizerMeant) };
  if (step["type"] === "Whitespace")
    return { type: "Split", pattern: { Regex: "\\w+|[^\\w\\s]+" }, behavior: "Removed", invert: true };
  if (OTHER_SPLITS.includes(String(step["behavior"])))
    throw new EspalierError(
      "unsupported",
      "the tokenizer takes texts apart in a way that is not known here",
      { step: String(step["type"]), behavior: String(step["behavior"]) },
      "tokenize with Python's `transformers` and give the ids as an .npz file",
    );
  return step;
}
