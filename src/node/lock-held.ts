/** A lock while it is held: it gives signs of life, knows when it was lost, and goes with the process. */
import { rmdirSync, unlinkSync } from "node:fs";
import { open, rmdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { EspalierError } from "../error.ts";
import { codeOf, otherwise } from "./system-error.ts";

/** How often a sign of life is given, in milliseconds. */
const SIGN_EVERY = 15_000;

/** For what removes a folder if it is empty. */
export const stayIfFilled = otherwise(["ENOTEMPTY", "EEXIST", "ENOENT", "EPERM", "EBUSY"], undefined);

/** A lock that this process holds. */
export interface HeldLock {
  /** @throws EspalierError "locked" when it is not held any more: another process found this one dead and took it */
  check(): Promise<void>;
  /** Gives it up; a second call does nothing. A folder that was made for it, and is still empty, goes with it. */
  release(): Promise<void>;
}

/** The folders and files of the locks that go with the process. */
const held = new Map<string, string>();
let watching = false;

/** What is left of a lock after this is taken for a dead owner's, so nothing need be done about what fails. */
function removeAll(): void {
  for (const [file, place] of held)
    try {
      unlinkSync(file);
      rmdirSync(place);
    } catch {}
}

/** Writes the first character over itself: the file's time is then of the clock of the machine that has the disk. */
async function giveSign(path: string): Promise<void> {
  try {
    const file = await open(path, "r+");
    try {
      await file.write("{", 0);
    } finally {
      await file.close();
    }
  } catch {} // the next one may reach it; that the lock is lost, `check` says
}

/**
 * @param place the folder of the lock, with the owner's file in it
 * @param made the folder that was made for it, if one was
 */
export function hold(place: string, name: string, made: string | undefined): HeldLock {
  const path = join(place, name);
  const signs = setInterval(() => giveSign(path), SIGN_EVERY);
  signs.unref();
  if (!watching) process.on("exit", removeAll);
  watching = true;
  held.set(path, place);
  return {
    async check() {
      const error = await stat(path).then(
        () => undefined,
        (e: unknown) => e,
      );
      if (!error) return;
      if (codeOf(error) !== "ENOENT") throw error;
      throw new EspalierError(
        "locked",
        "another process has taken the folder over",
        { lock: place, reason: "for minutes this one gave no sign of life, or somebody removed its lock" },
        "start again when the other one has ended",
      );
    },
    async release() {
      if (!held.delete(path)) return;
      clearInterval(signs);
      await unlink(path).catch(otherwise(["ENOENT"], undefined));
      await rmdir(place).catch(stayIfFilled);
      if (made) await rmdir(made).catch(stayIfFilled);
    },
  };
}
