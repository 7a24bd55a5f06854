/** The library's words with its names of methods and settings spelled as the command line takes them: groupLasso is group-lasso. */
import { type EspalierError, type Words, worded } from "espalier";
import { kebab } from "../settings/names.ts";

/** Options of the library that are settings of another name here. */
const SETTINGS: Readonly<Record<string, string>> = { normalization: "normalize" };

/** A name as it is typed: an option is a flag. */
export function typedName(name: string, option: boolean): string {
  const setting = kebab(SETTINGS[name] ?? name);
  return option ? `--${setting}` : setting;
}

export const typed = (words: Words): string => worded(words, typedName);

/** An error for machines: what `message` says, field by field. */
export const asData = ({ code, what, details, fix }: EspalierError) => ({
  code,
  what: typed(what),
  details: Object.fromEntries(
    Object.entries(details).map(([label, v]) => [label, v === undefined || typeof v === "number" ? v : typed(v)]),
  ),
  fix: fix && typed(fix),
});
