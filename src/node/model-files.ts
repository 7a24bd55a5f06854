/** Models in files. */

import { readFileSync, realpathSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { EspalierError, UsageError } from "../error.ts";
import { anObject, aText, someBytes, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { type ReadOptions, read } from "../onnx/read.ts";
import type { Verification, VerifyOptions } from "../shrink/verify.ts";
import { verifyReading } from "../shrink/verify-reading.ts";
import { modelFileOf } from "./folder/model-file.ts";
import { refused, systemReason } from "./system-error.ts";
import { writeWhole } from "./whole-files.ts";

/**
 * A file's bytes.
 * @throws EspalierError naming the file
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  wants("readBytes", ["path", aText, path]);
  const bytes = await readFile(path).catch((error) => {
    throw refused("read the file", { file: path }, error, "read");
  });
  return new Uint8Array(bytes); // a plain array: a Buffer's slice would share memory
}

/**
 * Reads a model; its external data, if any, from the folder it lies in. Of a model's folder its model.onnx is read, as `readModelFolder` finds it.
 * @param options.onExternal hears the path of each file of external data that is read
 * @param options.precision "float32": all floats are read as float32, as `read` does. Default: "stored", as they are
 * @param options.sizes sizes that the file leaves free, by symbol, at which the model is looked at. Default: some that fit
 * @throws EspalierError naming the file, for what cannot be read and for what is no model; UsageError for a size that the file has not
 */
export async function readModel(
  path: string,
  options: { readonly onExternal?: (path: string) => void } & Pick<ReadOptions, "precision" | "sizes"> = {},
): Promise<Model> {
  wants("readModel", ["path", aText, path], ["options", anObject, options]);
  const { onExternal, precision, sizes } = options;
  const file = await modelFileOf(path);
  const bytes = await readBytes(file);
  try {
    return read(bytes, { external: besides(file, onExternal), precision, sizes });
  } catch (e) {
    if (!(e instanceof EspalierError)) throw e;
    const Kind = e instanceof UsageError ? UsageError : EspalierError;
    throw new Kind(e.code, e.what, { file, ...e.details }, e.fix);
  }
}

/**
 * Compares a model with the file that it was read from: `verifyReading`, with the file's external data.
 * @throws EspalierError naming the file, for what cannot be read and where the runtime does not load it
 */
export async function verifyModelFile(path: string, model: Model, options: VerifyOptions): Promise<Verification> {
  wants("verifyModelFile", ["path", aText, path], ["options", anObject, options]);
  const file = await modelFileOf(path);
  return verifyReading(await readBytes(file), model, { ...options, external: besides(file) });
}

/** Reads the files beside a model, each once. A link must not lead out of the folder. */
function besides(path: string, onExternal?: (path: string) => void): (location: string) => Uint8Array {
  const read = new Map<string, Uint8Array>();
  return (location) => {
    let bytes = read.get(location);
    if (!bytes) {
      const file = join(dirname(path), location);
      try {
        if (!realpathSync(file).startsWith(realpathSync(dirname(path)) + sep))
          throw new Error("it lies outside the model's folder");
        if (!statSync(file).isFile()) throw new Error("it is no regular file"); // a pipe would never end
        bytes = new Uint8Array(readFileSync(file));
        onExternal?.(file);
      } catch (e) {
        throw new EspalierError(
          "system",
          "cannot read the model's external data",
          { "data file": file, reason: systemReason(e, "read") },
          "put the data file beside the model, where it was exported to",
        );
      }
      read.set(location, bytes);
    }
    return bytes;
  };
}

/**
 * Replaces the file only when all of it is written, and makes its folder.
 * @throws EspalierError naming the file and why it cannot be written
 */
export async function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  wants("writeBytes", ["path", aText, path], ["bytes", someBytes, bytes]);
  await writeWhole(resolve(path), bytes).catch((error) => {
    throw refused("write the file", { file: path }, error, "write");
  });
}
