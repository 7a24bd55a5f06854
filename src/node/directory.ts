/** A run directory on disk. */
import { appendFile, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { EspalierError } from "../error.ts";
import type { Store } from "../train/store.ts";
import { isOfLock, lockFolder } from "./lock.ts";
import type { HeldLock } from "./lock-held.ts";
import { otherwise, refused } from "./system-error.ts";
import { makeFolder, writeWhole } from "./whole-files.ts";

async function attempt<T>(doing: "read" | "write", what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (e) {
    if (e instanceof EspalierError) throw e;
    throw refused(what, { path }, e, doing);
  }
}

const NOTHING_THERE = ["ENOENT", "ENOTDIR"];

/** The lock of a folder for those who share a store: the first takes it, the last gives it up. */
class SharedLock {
  private holders = 0;
  private held: Promise<HeldLock> | undefined;
  private given: Promise<void> = Promise.resolve();
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async take(): Promise<() => Promise<void>> {
    this.holders++;
    const lock = () => lockFolder(this.path);
    this.held ??= this.given.then(lock, lock);
    const { held } = this;
    const leave = () => {
      if (--this.holders === 0) this.held = undefined;
      return this.holders === 0;
    };
    const taken = await held.catch((error) => {
      leave();
      throw error;
    });
    let left = false;
    return async () => {
      if (left) return;
      left = true;
      if (!leave()) return;
      this.given = taken.release();
      await this.given;
    };
  }

  /** @throws EspalierError when the lock was taken and is held no more */
  async check(): Promise<void> {
    await (await this.held)?.check();
  }
}

/**
 * A folder that holds a run. It is made on first write.
 * @throws EspalierError from its methods when the disk refuses, naming path and reason
 */
export function directory(path: string): Store {
  const lock = new SharedLock(path);
  /** Changes what is there, unless somebody else has taken it over. */
  const change = (what: string, work: () => Promise<void>) =>
    attempt("write", what, path, async () => {
      await lock.check();
      await work();
    });
  return {
    location: path,
    read: (name) =>
      attempt("read", `read ${name}`, path, () =>
        readFile(join(path, name)).catch(otherwise(NOTHING_THERE, undefined)),
      ),
    write: (name, bytes) => change(`write ${name}`, () => writeWhole(join(path, name), bytes)),
    append: (name, more) =>
      change(`write ${name}`, async () => {
        await makeFolder(path);
        await appendFile(join(path, name), more);
      }),
    remove: (name) => change(`remove ${name}`, () => rm(join(path, name), { recursive: true, force: true })),
    list: () =>
      attempt("read", "read the run directory", path, async () =>
        (await readdir(path).catch(otherwise(NOTHING_THERE, []))).filter((name) => !isOfLock(name)),
      ),
    lock: () => attempt("write", "lock the folder", path, () => lock.take()),
    within: (folder) => directory(join(path, folder)),
  };
}

/**
 * Makes the folder of a new run: `path`, or the first of path-2, path-3 … that is not there. Of processes that ask at once each gets its own.
 * @throws EspalierError when no folder can be made there
 */
export async function newDirectory(path: string): Promise<Store> {
  for (let i = 1; ; i++) {
    const name = i === 1 ? path : `${path}-${i}`;
    const make = () => makeFolder(name).catch(otherwise(["EEXIST"], false)); // a file has the name
    if (await attempt("write", "make the folder", name, make)) return directory(name);
  }
}
