/** A run directory on disk. */
import { appendFile, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { EspalierError } from "../error.ts";
import type { Store } from "./store.ts";

const reasons: Record<string, string> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "it exists and is not a folder",
  EFBIG: "the file is too large",
};

async function attempt<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (e) {
    const { code = "", message } = e as NodeJS.ErrnoException;
    throw new EspalierError(
      `cannot ${what}`,
      { path, reason: reasons[code] ?? message },
      "free space or choose another --out",
    );
  }
}

const TEMPORARY = /\.\d+\.tmp$/;

/** Temporary file, fsync, rename, fsync of the folder. A failed write leaves the old file and no temporary. */
async function writeAtomically(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const target = join(folder, name);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (e) {
    await rm(temporary, { force: true });
    throw e;
  }
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (e) {
    if (process.platform !== "win32") throw e; // Windows cannot fsync a folder
  } finally {
    await handle.close();
  }
}

/** Removes what a process that was killed while it wrote left behind. */
async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (TEMPORARY.test(name)) await rm(join(folder, name), { force: true });
}

/**
 * A folder that holds a run. It is made on first write.
 * @throws EspalierError from its methods when the disk refuses, naming path and reason
 */
export function directory(path: string): Store {
  let cleaned = false;
  const make = async () => {
    await mkdir(path, { recursive: true });
    if (!cleaned) await removeTemporaries(path);
    cleaned = true;
  };
  return {
    location: path,
    async read(name) {
      try {
        return await readFile(join(path, name));
      } catch (e) {
        const { code } = e as NodeJS.ErrnoException;
        if (code === "ENOENT" || code === "ENOTDIR") return undefined;
        return attempt(`read ${name}`, path, () => Promise.reject(e));
      }
    },
    write: (name, bytes) =>
      attempt(`write ${name}`, path, async () => {
        await make();
        await writeAtomically(path, name, bytes);
      }),
    append: (name, text) =>
      attempt(`write ${name}`, path, async () => {
        await make();
        await appendFile(join(path, name), text);
      }),
    remove: (name) => attempt(`remove ${name}`, path, () => rm(join(path, name), { force: true })),
    async list() {
      try {
        return await readdir(path);
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code === "ENOENT") return [];
        return attempt("read the run directory", path, () => Promise.reject(e));
      }
    },
  };
}
