/** Models in files. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { EspalierError, type Model, read } from "espalier";
import { directory } from "espalier/node";

/** Why a file cannot be read, by the system's code. */
export const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
};

/** @throws EspalierError naming the file, for what cannot be read and for what is no model */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path)); // a plain array: a Buffer's slice would share memory
  } catch (e) {
    const { code, message } = e as NodeJS.ErrnoException;
    const reason = reasons[code ?? ""] ?? message;
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
        if (!statSync(file).isFile()) throw new Error("it is no regular file"); // a pipe would never end
        bytes = new Uint8Array(readFileSync(file));
      } catch (e) {
        const { code, message } = e as NodeJS.ErrnoException;
        throw new EspalierError(
          "cannot read the model's external data",
          { "data file": file, reason: reasons[code ?? ""] ?? message },
          "put the data file beside the model, where it was exported to",
        );
      }
      read.set(location, bytes);
    }
    return bytes;
  };
}

/** @throws EspalierError when a file cannot stand there: what takes work is not begun in vain */
export async function checkTarget(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory())
    throw new EspalierError("cannot write the file", { file: path, reason: reasons.EISDIR }, "name a file in it");
}

/** Replaces the file only when all of it is written. */
export const writeFile = (path: string, bytes: Uint8Array): Promise<void> =>
  directory(dirname(resolve(path))).write(basename(path), bytes);
