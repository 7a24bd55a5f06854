/** What is read can be written, what is written reads back equal, and is written again as the same bytes. */
import { EspalierError } from "../../src/error.ts";
import type { Model } from "../../src/graph/types.ts";
import type { External } from "../../src/onnx/external.ts";
import { read } from "../../src/onnx/read.ts";
import { write } from "../../src/onnx/write.ts";
import { firstDifference, modelText } from "./model-text.ts";

/**
 * Reads a file, and holds the reader and the writer to that.
 * @param external gives what the file keeps in others
 * @returns what reading said: the error's first line, or undefined for a file that it accepts
 * @throws Error what was broken: an exception that is no EspalierError or gives no fix, a model that cannot be written,
 *   reads back otherwise or is written otherwise the second time
 */
export function brokenPromise(bytes: Uint8Array, external?: External): string | undefined {
  let model: Model;
  try {
    model = read(bytes, { external });
  } catch (e) {
    if (!(e instanceof EspalierError)) throw new Error("reading failed with another error than ours", { cause: e });
    if (!e.fix) throw new Error("an error of reading does not say what to do", { cause: e });
    return String(e.what);
  }
  let stage = "a model that was read cannot be written";
  let again: Model;
  let written: Uint8Array;
  let rewritten: Uint8Array;
  try {
    written = write(model);
    stage = "what was written cannot be read";
    again = read(written);
    stage = "what was read back cannot be written";
    rewritten = write(again);
  } catch (e) {
    throw new Error(stage, { cause: e });
  }
  const difference = firstDifference(modelText(model), modelText(again));
  if (difference) throw new Error(`a model reads back otherwise\n${difference}`);
  if (Buffer.compare(written, rewritten) !== 0) throw new Error("a model is written otherwise the second time");
  return undefined;
}
