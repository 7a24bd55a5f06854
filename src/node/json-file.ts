/** JSON in files of the user's. */
import { EspalierError } from "../error.ts";
import { readBytes } from "./model-files.ts";

/** @throws EspalierError naming the file that is not there or no JSON */
export async function readJson(file: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(file));
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new EspalierError(
      "invalid-file",
      "the file is no JSON",
      { file, reason: e instanceof Error ? e.message : String(e) },
      "get it again; it is damaged",
    );
  }
}
