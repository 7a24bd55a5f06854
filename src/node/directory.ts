/** A run directory on disk. */
import { appendFile, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { EspalierError } from "../error.ts";
import type { Store } from "../train/store.ts";
import { makeFolder } from "./files.ts";

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "it exists and is not a folder",
  EFBIG: "the file is too large",
  EISDIR: "a folder has this name",
  ENOENT: "no folder can be made there",
};
const full: readonly string[] = ["ENOSPC", "EDQUOT"];

async function attempt<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (e) {
    const { code = "", message } = e as NodeJS.ErrnoException;
    throw new EspalierError(
      `cannot ${what}`,
      { path, reason: reasons[code] ?? message },
      full.includes(code) ? "free space, or choose another place" : "choose a place that can be written",
    );
  }
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (e) {
    return (e as NodeJS.ErrnoException).code !== "ESRCH"; // EPERM: somebody else's
  }
};

/** Removes what processes that were killed while they wrote this file left behind: NAME.PID.tmp, nothing else. */
async function removeTemporaries(folder: string, name: string): Promise<void> {
  for (const found of await readdir(folder)) {
    const pid = found.startsWith(`${name}.`) ? /^(\d+)\.tmp$/.exec(found.slice(name.length + 1))?.[1] : undefined;
    if (pid && !isRunning(Number(pid))) await rm(join(folder, found), { force: true });
  }
}

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

/**
 * A folder that holds a run. It is made on first write.
 * @throws EspalierError from its methods when the disk refuses, naming path and reason
 */
export function directory(path: string): Store {
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
        await makeFolder(path);
        await removeTemporaries(path, name);
        await writeAtomically(path, name, bytes);
      }),
    append: (name, text) =>
      attempt(`write ${name}`, path, async () => {
        await makeFolder(path);
        await appendFile(join(path, name), text);
      }),
    remove: (name) => attempt(`remove ${name}`, path, () => rm(join(path, name), { recursive: true, force: true })),
    async list() {
      try {
        return await readdir(path);
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code === "ENOENT") return [];
        return attempt("read the run directory", path, () => Promise.reject(e));
      }
    },
    within: (folder) => directory(join(path, folder)),
  };
}
