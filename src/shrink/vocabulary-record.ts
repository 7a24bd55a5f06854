/** What a certificate says of a vocabulary that was cut, and how that is done again. */
import { EspalierError } from "../error.ts";
import { aList, aModel, anObject, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { digest, indices, ranges, type VocabularyCut } from "../proof/certificate.ts";
import { type KeepVocabOptions, type KeptVocabulary, keepVocab } from "./vocabulary.ts";

/** What a certificate needs to say of it. @param options as `keepVocab` had them */
export async function vocabularyCut(
  full: Model,
  kept: KeptVocabulary,
  options: KeepVocabOptions = {},
): Promise<VocabularyCut> {
  wants(
    "vocabularyCut",
    ["full", aModel, full],
    ["kept", anObject, kept],
    ["ids", aList, kept, "ids"],
    ["inputs", aList, kept, "inputs"],
    ["options", anObject, options],
  );
  const { tokens, cut } = kept;
  const input = options.input ?? kept.inputs[0];
  return { full: await digest(full), kept: ranges(kept.ids), tokens, input, outputs: options.outputs ?? [], cut };
}

/**
 * The model whose removals a certificate is about: the one given, unless its vocabulary was cut first.
 * @throws EspalierError where the certificate's list of tokens is none, or is not of this model
 */
export async function keptAgain(full: Model, said: VocabularyCut | undefined): Promise<KeptVocabulary | undefined> {
  if (said === undefined) return undefined;
  wants("keptAgain", ["full", aModel, full], ["said", anObject, said]);
  const ids = Number.isSafeInteger(said.tokens) ? indices(said.kept, said.tokens) : undefined;
  if (!ids || typeof said.input !== "string" || !Array.isArray(said.outputs))
    throw new EspalierError("invalid-file", "the certificate names no tokens that were kept", {
      got: String(said.kept),
    });
  if ((await digest(full)) !== said.full)
    throw new EspalierError(
      "mismatch",
      "the certificate is about the vocabulary of another model",
      {
        got: await digest(full),
        wanted: said.full,
      },
      "give the model whose tokens were cut",
    );
  return keepVocab(full, ids, { input: said.input, outputs: said.outputs });
}
