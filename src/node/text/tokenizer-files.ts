/** A tokenizer's files on disk. */
import { dirname, join } from "node:path";
import { type TextTokenizer, type TokenizerFiles, textTokenizer } from "../../data/text/tokenizer.ts";
import { EspalierError } from "../../error.ts";
import { aText, wants } from "../../given.ts";
import { listFolder } from "../files.ts";
import { readJson } from "../json-file.ts";

/** The file that makes a folder one of a tokenizer. */
const TOKENIZER = "tokenizer.json";

/** What lies beside it. */
const BESIDE: Readonly<Record<Exclude<keyof TokenizerFiles, "tokenizer">, string>> = {
  config: "tokenizer_config.json",
  special: "special_tokens_map.json",
  model: "config.json",
};

/**
 * Reads a tokenizer: a tokenizer.json, or the folder that it lies in; from the folder also what is said of it in tokenizer_config.json,
 * special_tokens_map.json and config.json.
 * @throws EspalierError naming the file that is not there, is damaged or of a type that is not known
 */
export async function readTokenizer(path: string): Promise<TextTokenizer> {
  wants("readTokenizer", ["path", aText, path]);
  const names = await listFolder(path);
  const file = names ? join(path, TOKENIZER) : path;
  if (names && !names.includes(TOKENIZER))
    throw new EspalierError(
      "missing",
      "the folder has no tokenizer.json",
      { folder: path, got: names.slice(0, 8).join(", ") || "nothing" },
      "save it with the `tokenizers` library (save_pretrained of a fast tokenizer)",
    );
  const folder = names ? path : dirname(file);
  const there = names ?? (await listFolder(folder)) ?? [];
  const files: { -readonly [K in keyof TokenizerFiles]: TokenizerFiles[K] } = { tokenizer: await readJson(file) };
  for (const [key, name] of Object.entries(BESIDE) as [keyof typeof BESIDE, string][])
    if (there.includes(name)) files[key] = await readJson(join(folder, name));
  try {
    return textTokenizer(files);
  } catch (e) {
    if (!(e instanceof EspalierError)) throw e;
    throw new EspalierError(
      e.code,
      e.what,
      { ...e.details, file: e.details["file"] === undefined ? file : join(folder, String(e.details["file"])) },
      e.fix,
    );
  }
}
