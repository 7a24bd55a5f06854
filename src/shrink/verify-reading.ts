/** Whether what was read of a file computes what the file does. */
import { aModel, anEngine, anObject, someBytes, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { evaluatedFile } from "../onnx/evaluated-file.ts";
import type { External } from "../onnx/external.ts";
import { write } from "../onnx/write.ts";
import { compareBytes, comparisonOf, type Verification, type VerifyOptions } from "./verify.ts";

/** Options of `verifyReading`. */
export interface ReadingOptions extends VerifyOptions {
  /** As for `read`: the bytes of files that hold tensor data. */
  readonly external?: External;
}

/**
 * Compares what a model computes with the file that it was read from: the runtime runs the file's own bytes, of which no node is
 * interpreted. A file in training mode is run as it is in evaluation, its switches of training off; that, external data and an opset
 * beyond what the runtime loads are all that is changed in it.
 * @param bytes the file
 * @param model what `read` made of it
 * @throws UsageError when a tolerance or an input is not valid; EspalierError when the runtime does not load the file
 */
export async function verifyReading(bytes: Uint8Array, model: Model, options: ReadingOptions): Promise<Verification> {
  wants(
    "verifyReading",
    ["bytes", someBytes, bytes],
    ["model", aModel, model],
    ["options", anObject, options],
    ["engine", anEngine, options, "engine"],
  );
  return compareBytes(
    () => evaluatedFile(bytes, options.external),
    () => write(model),
    comparisonOf(model, options),
  );
}
