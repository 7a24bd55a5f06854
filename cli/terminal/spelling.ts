/** The library's words with its names of methods and settings spelled as the command line takes them: groupLasso is group-lasso. */
import { type EspalierError, type Words, worded } from "espalier";
import { kebab } from "../settings/names.ts";

/** A name as it is typed: an option is a flag. */
export const typedName = (name: string, option: boolean): string => (option ? `--${kebab(name)}` : kebab(name));

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
