/** A run directory on disk. */
import { appendFile, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Store } from "../train/store.ts";
import { codeOf, refused } from "./system-error.ts";
import { makeFolder, writeWhole } from "./whole-files.ts";

async function attempt<T>(doing: "read" | "write", what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (e) {
    throw refused(what, { path }, e, doing);
  }
}

/** What was read, or the fallback where there is nothing. */
const orNothing =
  <T>(nothing: T) =>
  (error: unknown): T => {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return nothing;
    throw error;
  };

/**
 * A folder that holds a run. It is made on first write.
 * @throws EspalierError from its methods when the disk refuses, naming path and reason
 */
export function directory(path: string): Store {
  return {
    location: path,
    read: (name) => attempt("read", `read ${name}`, path, () => readFile(join(path, name)).catch(orNothing(undefined))),
    write: (name, bytes) => attempt("write", `write ${name}`, path, () => writeWhole(join(path, name), bytes)),
    append: (name, text) =>
      attempt("write", `write ${name}`, path, async () => {
        await makeFolder(path);
        await appendFile(join(path, name), text);
      }),
    remove: (name) =>
      attempt("write", `remove ${name}`, path, () => rm(join(path, name), { recursive: true, force: true })),
    list: () => attempt("read", "read the run directory", path, () => readdir(path).catch(orNothing([]))),
    within: (folder) => directory(join(path, folder)),
  };
}
