/** Which tokens stand around a text, or around two, and of which of the two each token is. */
import type { Tokenizer } from "@huggingface/tokenizers";
import type { TokenizerJson } from "./tokenizer-parts.ts";

/** A token that stands there always, or all tokens of the first (0) or the second text (1). */
export interface Standing {
  readonly part?: 0 | 1;
  readonly id?: number;
  readonly type: number;
}
export type Layout = readonly Standing[];

/** Texts of one token each, which no tokenizer has. */
const MARKS = ["\u0000first\u0000", "\u0000second\u0000"] as const;

/** What a tokenizer puts around one text, or two: found by giving it texts of one token. */
export function layoutOf({ post_processor: processor }: TokenizerJson, inner: Tokenizer, pair: boolean): Layout {
  const given = pair ? MARKS : MARKS.slice(0, 1);
  const around = inner.post_processor?.([given[0]], pair ? [given[1]] : null, true);
  const plain = { tokens: [...given], types: given.map((_, i) => i) };
  // a step that adds nothing returns the second text beside the first
  const laid: { readonly tokens: readonly string[]; readonly types: readonly number[] } =
    around === undefined || around.tokens_pair
      ? plain
      : { tokens: around.tokens, types: around.token_type_ids ?? around.tokens.map(() => 0) };
  const alike = processor?.type === "RobertaProcessing"; // its models have one type for both texts
  return laid.tokens.map((token, i): Standing => {
    const part = MARKS.indexOf(token as (typeof MARKS)[number]);
    const type = alike ? 0 : laid.types[i];
    return part < 0 ? { id: inner.token_to_id(token)!, type } : { part: part as 0 | 1, type };
  });
}
