/** The library's names of methods and settings in what it says, spelled as the command line takes them: groupLasso is group-lasso. */
import { EspalierError, UsageError } from "espalier";
import { camel, kebab } from "../settings/names.ts";
import { trainFields } from "../settings/train-fields.ts";

const { optimizer, penalty, groups } = trainFields;
const names = new Set([
  ...Object.keys(trainFields),
  ...[optimizer, penalty, groups].flatMap((field) => field.choices!.map(camel)),
]);
/** Not within a path or a setting's place, which are the user's own words. */
const WORD = /(?<![\w./-])[a-z]+(?:[A-Z][a-z0-9]*)+(?![\w/-]|\.\w)/g;
const THEIRS: readonly string[] = ["where", "file", "folder", "path", "method", "reason"];

export const spelled = (text: string): string =>
  text.replaceAll(WORD, (name) => (names.has(name) ? kebab(name) : name));

/** The same error with every name as it is typed. */
export function asTyped(error: EspalierError): EspalierError {
  const details = Object.entries(error.details).map(([label, value]) => [
    spelled(label),
    typeof value === "string" && !THEIRS.includes(label) ? spelled(value) : value,
  ]);
  const Kind = error instanceof UsageError ? UsageError : EspalierError;
  const typed = new Kind(spelled(error.what), Object.fromEntries(details), error.fix && spelled(error.fix));
  typed.stack = error.stack;
  return typed;
}
