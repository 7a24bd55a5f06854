/**
 * A lock on a folder: FOLDER/.lock with one file in it that says who holds it. The two are made aside and renamed into place, which
 * one process alone can do while the file is there, on a network folder too. A file's name is never used again, so to remove a dead
 * owner's never removes a living one's, and however many find it dead, one gets the lock. A dead process on this machine is known at
 * once; elsewhere one is dead that has given no sign of life for minutes: the runtime holds the main thread while it compiles and
 * steps, so that a sign can be late by more than seconds.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EspalierError } from "../error.ts";
import { type HeldLock, hold, stayIfFilled } from "./lock-held.ts";
import { type LockOwner, lifeOf, readOwner, thisProcess } from "./lock-owner.ts";
import { codeOf, otherwise } from "./system-error.ts";
import { makeFolder } from "./whole-files.ts";

/** The folder of the lock; with more behind this name, what is made aside. */
const LOCK = ".lock";
const ASIDE = `${LOCK}-`;

/** Whether a name in a folder is of its lock. */
export const isOfLock = (name: string): boolean => name === LOCK || name.startsWith(ASIDE);

/** Without a sign for so many milliseconds, an owner of which nothing else is known is dead. */
const DEAD_AFTER = 300_000;
/** How often a lock that is free again, or whose owner is dead, is tried for. */
const ATTEMPTS = 50;

/** Who holds a lock. */
interface Holder {
  /** Unknown where another version wrote it. */
  readonly owner: LockOwner | undefined;
  /** For how many milliseconds it has given no sign of life. */
  readonly silent: number;
}

/**
 * Takes the lock of a folder, which is made if there is none.
 * @throws EspalierError "locked" when somebody else holds it, this process included; the system's error when the disk refuses
 */
export async function lockFolder(folder: string): Promise<HeldLock> {
  const name = `${randomUUID()}.json`;
  const [aside, place] = [join(folder, ASIDE + name), join(folder, LOCK)];
  const made = await makeWithin(folder, aside);
  try {
    await writeFile(join(aside, name), JSON.stringify(thisProcess()));
    const { mtimeMs: now } = await stat(join(aside, name)); // by the clock that the other files' times are of
    for (let attempt = 1; ; attempt++) {
      const refusal = await rename(aside, place).catch((error: unknown) => error);
      if (!refusal) break;
      const holder = await holderIn(place, now);
      if (holder) throw locked(folder, place, holder);
      await rmdir(place).catch(stayIfFilled); // Windows renames over no folder, be it empty
      if (attempt === ATTEMPTS) throw refusal;
      if (attempt > 1) await delay(attempt);
    }
    await removeLitter(folder, now);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (made) await rmdir(folder).catch(stayIfFilled);
    throw error;
  }
  return hold(place, name, made ? folder : undefined);
}

/** @returns whether the folder was made; while it is empty, another process may remove it again */
async function makeWithin(folder: string, aside: string): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const made = await makeFolder(folder);
    const refusal = await mkdir(aside).catch((error: unknown) => error);
    if (!refusal) return made;
    if (codeOf(refusal) !== "ENOENT" || attempt === ATTEMPTS) throw refusal;
  }
}

const gone = otherwise(["ENOENT"], undefined);

/** A living owner whose file is in a folder; the files of dead ones are removed. */
async function holderIn(place: string, now: number): Promise<Holder | undefined> {
  for (const name of (await readdir(place).catch(gone)) ?? []) {
    const path = join(place, name);
    const [text, found] = [await readFile(path, "utf8").catch(gone), await stat(path).catch(gone)];
    if (text === undefined || !found) continue;
    const owner = readOwner(text);
    const silent = now - found.mtimeMs;
    const life = lifeOf(owner);
    if (life === "alive" || (life === "unknown" && silent <= DEAD_AFTER)) return { owner, silent };
    await rm(path, { force: true });
  }
  return undefined;
}

/** Removes what processes left that were killed while they took the lock. */
async function removeLitter(folder: string, now: number): Promise<void> {
  for (const name of (await readdir(folder)).filter((name) => name.startsWith(ASIDE))) {
    const path = join(folder, name);
    const [files, found] = [await readdir(path).catch(gone), await stat(path).catch(gone)];
    if (!files || !found || (await holderIn(path, now))) continue;
    if (files.length > 0 || now - found.mtimeMs > DEAD_AFTER) await rmdir(path).catch(stayIfFilled); // empty: it may be about to be filled
  }
}

const minutes = DEAD_AFTER / 60_000;

function locked(folder: string, place: string, { owner, silent }: Holder): EspalierError {
  const here = lifeOf(owner) === "alive";
  return new EspalierError(
    "locked",
    `${folder} is in use`,
    {
      by: owner
        ? owner.pid === process.pid && here
          ? "this process"
          : `process ${owner.pid} on ${owner.host}`
        : "another version of Espalier",
      since: owner?.since,
      ...(!here && { "last sign": `${Math.max(0, Math.round(silent / 1000))} s ago` }),
    },
    here
      ? "wait until it ends, stop it, or choose another place"
      : `wait until it ends, stop it, or choose another place; if it was killed, the lock falls ${minutes} minutes after its last sign, or when ${place} is removed`,
  );
}
