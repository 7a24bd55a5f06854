/** Trials of formulations in the user's cache folder: a file for each processor, runtime and number of threads. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import envPaths from "env-paths";
import { z } from "zod";
import { aText, maybe, wants } from "../given.ts";
import { type SiteTrials, siteTrial, type TuningCache } from "../lower/tuning/tuning.ts";
import { codeOf, refused } from "./system-error.ts";
import { writeWhole } from "./whole-files.ts";

const file = z.object({ machine: z.string(), trials: z.record(z.string(), siteTrial) });

/**
 * Where `tune` and `train` keep what they tried, so that a shape is timed once on a machine. A file that cannot be understood counts as
 * none, and is replaced.
 * @param folder default: tuning/ in the user's cache folder
 */
export function tuningCache(folder?: string): TuningCache & { readonly folder: string } {
  wants("tuningCache", ["folder", maybe(aText), folder]);
  const place = folder ?? join(envPaths("espalier", { suffix: "" }).cache, "tuning");
  const machineOf = (engine: string): string => `${cpus()[0]?.model ?? "unknown"}, ${process.arch}; ${engine}`;
  const pathOf = (machine: string): string =>
    join(place, `${createHash("sha256").update(machine).digest("hex").slice(0, 16)}.json`);
  const read = async (engine: string): Promise<SiteTrials> => {
    const machine = machineOf(engine);
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
    async write(engine, trials) {
      const machine = machineOf(engine);
      const all = { ...(await read(engine)), ...trials };
      const text = JSON.stringify({ machine, trials: all }, null, 1);
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
