/** Files that are there whole or not at all: temporary file, fsync, rename, fsync of the folder. */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isRunning, machineCode } from "./lock-owner.ts";
import { codeOf } from "./system-error.ts";

const isFolder = (path: string): Promise<boolean> =>
  stat(path)
    .then((s) => s.isDirectory())
    .catch(() => false);

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns below /proc, and on a read-only disk it
 * says that the folder is not there.
 * @returns whether it was made; of several that make it at once, one is told so
 */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (await isFolder(path)) return false;
    const above = dirname(path);
    if (codeOf(error) !== "ENOENT" || above === path) throw error;
  }
  await makeFolder(dirname(path));
  try {
    await mkdir(path); // once more also where the one above is there now: another process may have made it in between
    return true;
  } catch (error) {
    if (await isFolder(path)) return false;
    throw error;
  }
}

/**
 * A file that is written in the place of another, beside it: NAME.MACHINE-PID-ANY.tmp. No two writes share one, on one machine or over a
 * network.
 */
export const temporaryFor = (path: string, pid = process.pid): string =>
  `${path}.${machineCode()}-${pid}-${randomUUID().slice(0, 8)}.tmp`;

/** Removes what processes of this machine that were killed while they wrote this file left behind, nothing else. */
async function removeTemporaries(folder: string, name: string): Promise<void> {
  for (const found of await readdir(folder)) {
    if (!found.startsWith(`${name}.`)) continue;
    const [, machine, pid] = /^([0-9a-f]+)-(\d+)-[0-9a-f]+\.tmp$/.exec(found.slice(name.length + 1)) ?? [];
    if (machine === machineCode() && !isRunning(Number(pid))) await rm(join(folder, found), { force: true });
  }
}

/** Puts a file in the place of another once all of it is written. A failed write leaves the old file and no temporary. */
export async function inPlaceOf(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Replaces a file when all of it is written and on the disk, and makes its folder. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  await removeTemporaries(folder, basename(path));
  await inPlaceOf(path, async (temporary) => {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  });
  await syncFolder(folder);
}

/** Makes the names in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    if (process.platform !== "win32") throw error; // Windows cannot fsync a folder
  } finally {
    await handle.close();
  }
}
