/** Settings written in YAML or JSON: what they say, or why they cannot be understood. Nothing is printed on the way. */
import { UsageError } from "espalier";
import { parseDocument } from "yaml";
import { wholeValue } from "./whole.ts";

/** How often aliases may repeat what they stand for: more than any settings need, too little to fill the memory. */
const MOST_ALIASES = 100;
/** Levels that settings may be nested in. */
const DEEPEST = 20;

/**
 * @param where for messages
 * @throws UsageError for what is no YAML, and for what is unusual in it: unknown tags, a key twice, many repetitions, deep nesting
 */
export function yamlValue(text: string, where: Readonly<Record<string, string>>): unknown {
  const refused = (reason: string) =>
    new UsageError(
      "invalid-file",
      "the settings cannot be read",
      { ...where, reason },
      "write plain YAML or JSON, for example  lambda: 1e-4",
    );
  let value: unknown;
  try {
    const document = parseDocument(text, { logLevel: "error", prettyErrors: true });
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw problem;
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (e) {
    if (e instanceof RangeError) throw refused("it is nested too deeply"); // the parser ran out of stack
    if (e instanceof Error) throw refused(e.message.split(":\n")[0].trim());
    throw e;
  }
  if (isDeeper(wholeValue(value, where), DEEPEST)) throw refused(`it is nested deeper than ${DEEPEST} levels`);
  return value;
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((v) => isDeeper(v, levels - 1)));
