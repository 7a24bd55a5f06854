/** The settings of a comparison as compare.json keeps them, checked as if they had been given. */
import { COMPARISON, EspalierError, type SavedComparison, savedComparison, type Words } from "espalier";
import { directory } from "espalier/node";
import { type CompareConfig, compareFields } from "./compare-fields.ts";
import { settings } from "./config.ts";

/** What an earlier command left in the directory. */
export interface SavedSettings extends SavedComparison {
  readonly config: CompareConfig;
}

/** @throws EspalierError when compare.json is there and cannot be used, unless it counts as none then */
export async function readSaved(out: string, { damagedIsNone = false } = {}): Promise<SavedSettings | undefined> {
  try {
    const found = await savedComparison(directory(out));
    if (!found) return undefined;
    const values = found.config;
    return { ...found, config: settings(compareFields, [{ label: (key) => `${COMPARISON}: ${key}`, values }]) };
  } catch (e) {
    if (damagedIsNone) return undefined;
    if (!(e instanceof EspalierError)) throw e;
    const reason: Words | number = e.details.reason ?? e.what;
    throw new EspalierError(
      "invalid-file",
      `${COMPARISON} cannot be used`,
      { in: out, reason },
      "start afresh with --overwrite",
    );
  }
}
