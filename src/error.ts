/** The one error class of Espalier: what went wrong, where, what was got and wanted, and how to fix it. */
import { type Words, worded } from "./message.ts";

export interface ErrorDetails {
  /** Where: a node, a file and byte, a config path… Printed one per line, in order. */
  readonly [label: string]: Words | number | undefined;
}

/**
 * An error a user can act on. Fields are for programs, `message` is for people:
 * ```
 * no gradient rule for Erf
 *   node  /encoder/gelu/Erf   float32[32,128] → float32[32,128]
 *   path  loss ← /head/MatMul ← /encoder/gelu/Erf
 *   fix   add Erf to autodiff/rules, or freeze "encoder.embed.weight"
 * ```
 */
export class EspalierError extends Error {
  override readonly name = "EspalierError";
  readonly what: Words;
  readonly details: ErrorDetails;
  readonly fix: Words | undefined;

  constructor(what: Words, details: ErrorDetails = {}, fix?: Words) {
    super(textOf({ what, details, fix }));
    this.what = what;
    this.details = details;
    this.fix = fix;
  }

  /** The message with the names of options and methods as another front spells them. */
  spelled(spell: (name: string) => string): string {
    return textOf(this, spell);
  }
}

function textOf(
  { what, details, fix }: Pick<EspalierError, "what" | "details" | "fix">,
  spell: (name: string) => string = (name) => name,
): string {
  const rows = Object.entries({ ...details, fix }).filter(([, v]) => v !== undefined);
  const width = Math.max(0, ...rows.map(([k]) => k.length));
  const text = (v: Words | number | undefined) => (typeof v === "number" ? String(v) : worded(v!, spell));
  return [text(what), ...rows.map(([k, v]) => `  ${k.padEnd(width)}  ${text(v)}`)].join("\n");
}

/** Wrong use (an unknown option or name), as opposed to work that failed. The command line exits with 2. */
export class UsageError extends EspalierError {}

/** A broken promise of Espalier's own code, never of the user's input. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`internal: ${what}`);
}
