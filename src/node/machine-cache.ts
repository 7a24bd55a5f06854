/** What was measured on this machine, in the user's cache folder: a file for each processor, runtime and number of threads. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { userCache } from "./files.ts";
import { codeOf, refused } from "./system-error.ts";
import { writeWhole } from "./whole-files.ts";

/** Entries by their keys, of what they hold for. */
interface MachineCache<T> {
  readonly folder: string;
  read(of: string): Promise<Record<string, T>>;
  write(of: string, entries: Readonly<Record<string, T>>): Promise<void>;
}

/**
 * A file that cannot be understood counts as none, and is replaced.
 * @param kind the folder's name within the user's cache folder
 * @param folder in its place
 */
export function machineCache<T>(kind: string, entry: z.ZodType<T>, folder: string | undefined): MachineCache<T> {
  const file = z.object({ machine: z.string(), trials: z.record(z.string(), entry) });
  const place = folder ?? join(userCache(), kind);
  const machineOf = (of: string): string => `${cpus()[0]?.model ?? "unknown"}, ${process.arch}; ${of}`;
  const pathOf = (machine: string): string =>
    join(place, `${createHash("sha256").update(machine).digest("hex").slice(0, 16)}.json`);
  const read = async (of: string): Promise<Record<string, T>> => {
    const machine = machineOf(of);
    const path = pathOf(machine);
    const text = await readFile(path, "utf8").catch((error) => {
      if (codeOf(error) === "ENOENT") return "null";
      throw refused("read the file", { file: path }, error, "read");
    });
    const found = file.safeParse(parsed(text));
    return found.success && found.data.machine === machine ? found.data.trials : {};
  };
  return {
    folder: place,
    read,
    async write(of, entries) {
      const machine = machineOf(of);
      const text = JSON.stringify({ machine, trials: { ...(await read(of)), ...entries } }, null, 1);
      await writeWhole(pathOf(machine), new TextEncoder().encode(`${text}\n`));
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // cut short or edited: what it said is timed again
  }
}
