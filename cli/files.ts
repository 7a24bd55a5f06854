/** Models in files. */
import { readFileSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { EspalierError, type Model, read } from "espalier";
import { directory } from "espalier/node";

/** @throws EspalierError naming the file, for what cannot be read and for what is no model */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path)); // a plain array: a Buffer's slice would share memory
  } catch (e) {
    const { code, message } = e as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : message;
    throw new EspalierError("cannot read the file", { file: path, reason }, "check the path");
  }
}

/** Reads a model; its external data, if any, from the folder it lies in. */
export async function readModel(path: string): Promise<Model> {
  const bytes = await readBytes(path);
  try {
    return read(bytes, { external: besides(path) });
  } catch (e) {
    if (!(e instanceof EspalierError)) throw e;
    throw new EspalierError(e.what, { file: path, ...e.details }, e.fix);
  }
}

/** Reads the files beside a model, each once. A link must not lead out of the folder. */
function besides(path: string): (location: string) => Uint8Array {
  const read = new Map<string, Uint8Array>();
  return (location) => {
    let bytes = read.get(location);
    if (!bytes) {
      const file = join(dirname(path), location);
      try {
        if (!realpathSync(file).startsWith(realpathSync(dirname(path)) + sep))
          throw new Error("it lies outside the model's folder");
        bytes = new Uint8Array(readFileSync(file));
      } catch (e) {
        throw new EspalierError("cannot read the model's external data", {
          "data file": file,
          reason: (e as Error).message,
        });
      }
      read.set(location, bytes);
    }
    return bytes;
  };
}

/** Replaces the file only when all of it is written. */
export const writeFile = (path: string, bytes: Uint8Array): Promise<void> =>
  directory(dirname(resolve(path))).write(basename(path), bytes);
