/** A vocabulary that is cut on the command line: its list of ids, what is said of it, the file that tells the new ids. */
import {
  count,
  type Engine,
  EspalierError,
  type KeptVocabulary,
  keepTokens,
  keepVocab,
  type Model,
  significant,
  UsageError,
  type VocabularyCut,
  type VocabVerification,
  verifyVocab,
  visible,
  vocabularyCut,
} from "espalier";
import { readBytes } from "espalier/node";

/** Where the new ids of a model's tokens are told, and where its tokenizer goes. */
export const tokenMap = (model: string): string => `${model.replace(/\.onnx$/, "")}.vocab.json`;
export const tokenizerFile = (model: string): string => `${model.replace(/\.onnx$/, "")}.tokenizer.json`;

/** The settings of it. */
interface Settings {
  readonly keepVocab?: string;
  readonly tokenizer?: string;
  readonly vocabInput?: string;
  readonly vocabOutputs?: readonly string[];
  readonly tolerance?: number;
}

/** A cut vocabulary, compared with the whole one. */
interface Cut {
  readonly kept: KeptVocabulary;
  readonly record: VocabularyCut;
  /** Old id → new id, as JSON. */
  readonly map: Uint8Array;
  readonly tokenizer: Uint8Array | undefined;
  readonly lines: readonly string[];
  readonly result: Omit<KeptVocabulary, "model" | "ids"> & {
    readonly kept: number;
    readonly verification: VocabVerification;
  };
}

/** @throws UsageError and EspalierError as `keepVocab` and `verifyVocab`; EspalierError for a line that is no id */
export async function cutVocabulary(full: Model, settings: Settings, engine: Engine): Promise<Cut | undefined> {
  const { keepVocab: path, vocabInput: input, vocabOutputs: outputs, tokenizer, tolerance } = settings;
  if (path === undefined) {
    if ([input, outputs, tokenizer].every((x) => x === undefined)) return undefined;
    throw new UsageError(
      "conflict",
      "what a vocabulary is cut by is given, but not the tokens to keep",
      undefined,
      "give --keep-vocab FILE too",
    );
  }
  const options = { ...(input !== undefined && { input }), ...(outputs !== undefined && { outputs }) };
  const kept = keepVocab(full, readIds(new TextDecoder().decode(await readBytes(path)), path), options);
  const verification = await verifyVocab(full, kept, { engine, ...(tolerance !== undefined && { tolerance }) });
  const { model: _, ids, ...result } = kept;
  return {
    kept,
    record: await vocabularyCut(full, kept, options),
    map: new TextEncoder().encode(
      `${JSON.stringify(Object.fromEntries(ids.map((old, now) => [old, now])), null, 1)}\n`,
    ),
    tokenizer: tokenizer === undefined ? undefined : await cutTokenizer(tokenizer, ids),
    lines: linesOf(kept, verification),
    result: { ...result, kept: ids.length, verification },
  };
}

async function cutTokenizer(path: string, ids: readonly number[]): Promise<Uint8Array> {
  const text = new TextDecoder().decode(await readBytes(path));
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (e) {
    throw new EspalierError("invalid-file", "the tokenizer is not JSON", { file: path, reason: (e as Error).message });
  }
  return new TextEncoder().encode(`${JSON.stringify(keepTokens(file, ids), null, 2)}\n`);
}

function readIds(text: string, file: string): number[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === "") return [];
    if (/^\s*\d+\s*$/.test(line)) return [Number(line)];
    throw new EspalierError(
      "invalid-file",
      "a line is no id of a token",
      { file, line: i + 1, got: line.slice(0, 40) },
      "write one id per line",
    );
  });
}

function linesOf(
  { ids, tokens, inputs, outputs, whole, cut }: KeptVocabulary,
  { equal, maxRel, runs }: VocabVerification,
): string[] {
  const same = equal ? "the same numbers, to the bit" : `the same up to ${significant(maxRel)} relative`;
  return [
    `vocabulary: ${count(ids.length)} of ${count(tokens)} tokens are left; ${inputs.join(", ")} ${inputs.length === 1 ? "takes" : "take"} new ids`,
    ...cut.map((c) => `  ${c.tensor}: ${count(c.before)} → ${count(c.after)} on axis ${c.axis}`),
    ...outputs.map((o) => `  output ${o.name} counts the tokens that are left, on axis ${o.axis}`),
    ...whole.map(
      (name) =>
        `  output ${name} has as many numbers as there were tokens, and stays so (--vocab-outputs ${name} cuts it)`,
    ),
    `  on ${count(runs)} texts of kept tokens the outputs are ${same}`,
  ].map((line) => visible(line));
}
