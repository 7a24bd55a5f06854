/** Finding the files of data sets. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import envPaths from "env-paths";
import { codeOf, refused } from "./system-error.ts";

/** The user's cache folder on each platform. */
export const userCache = (): string => envPaths("espalier", { suffix: "" }).cache;

/** The folder with the data: the given one, else $ESPALIER_DATA, else the user's cache folder. */
export const dataRoot = (root?: string): string => root ?? (process.env["ESPALIER_DATA"] || userCache());

export const joinPath = join;

/** Names in a folder; null if there is no such folder. */
export async function listFolder(path: string): Promise<string[] | null> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return null;
    throw refused("read the folder", { file: path }, error, "read");
  }
}

/** Size of a regular file in bytes; null if there is none. */
export async function sizeOfFile(path: string): Promise<number | null> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : null;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return null;
    throw refused("read the file", { file: path }, error, "read");
  }
}

/** SHA-256 of a file, in hexadecimal; null if there is none. */
export async function sha256(path: string): Promise<string | null> {
  if ((await sizeOfFile(path)) === null) return null;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

export const remove = (path: string): Promise<void> =>
  rm(path, { force: true }).catch((error) => {
    throw refused("remove the file", { file: path }, error, "write");
  });
