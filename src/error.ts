/** The one error class of Espalier: what went wrong, where, what was got and wanted, and how to fix it. */
import { type Spell, type Words, worded } from "./message.ts";

/** What kind of thing went wrong, for programs. The words say which. */
export type ErrorCode =
  /** A number or text that is not among those allowed. */
  | "out-of-range"
  /** No option, method, model, data set, device, parameter or output of this name. */
  | "unknown-name"
  /** Something that must be given was not. */
  | "missing"
  /** Settings that do not go together, or not with what was saved. */
  | "conflict"
  /** Called at the wrong time: too early, twice, or on what is gone. */
  | "misuse"
  /** There is nothing in the model that this could act on. */
  | "nothing-to-do"
  /** Model, data, labels, tensors or a checkpoint that do not fit each other. */
  | "mismatch"
  /** An operator, element type or form of model that Espalier does not handle. */
  | "unsupported"
  /** Bytes that are not what they should be. */
  | "invalid-file"
  /** More than a stated limit, or than a file can hold. */
  | "too-large"
  | "no-memory"
  /** It would replace what is there. */
  | "exists"
  /** Somebody else works there. */
  | "locked"
  /** The operating system or the network refused. */
  | "system"
  /** The operating system refused to write: the disk is full, say, or the folder is not ours. */
  | "unwritable"
  /** ONNX Runtime refused. */
  | "runtime"
  /** NaN or infinity. */
  | "not-finite"
  /** A check of equality or of a removal failed. */
  | "disagree";

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
 *   fix   freeze "encoder.embed.weight", which lies before this node (1 of 40 tensors that train), or add Erf to autodiff/rules
 * ```
 */
export class EspalierError extends Error {
  override readonly name = "EspalierError";
  readonly code: ErrorCode;
  readonly what: Words;
  readonly details: ErrorDetails;
  readonly fix: Words | undefined;

  constructor(code: ErrorCode, what: Words, details: ErrorDetails = {}, fix?: Words) {
    super(textOf({ what, details, fix }));
    this.code = code;
    this.what = what;
    this.details = details;
    this.fix = fix;
  }

  /** The message with the names of options and methods as another front spells them. */
  spelled(spell: Spell): string {
    return textOf(this, spell);
  }
}

function textOf(
  { what, details, fix }: Pick<EspalierError, "what" | "details" | "fix">,
  spell: Spell = (name) => name,
): string {
  const rows = Object.entries({ ...details, fix }).filter(([, v]) => v !== undefined);
  const width = Math.max(0, ...rows.map(([k]) => k.length));
  const text = (v: Words | number | undefined) => (typeof v === "number" ? String(v) : worded(v!, spell));
  const lines = (v: Words | number | undefined, indent: number) => text(v).replaceAll("\n", `\n${" ".repeat(indent)}`);
  return [lines(what, 2), ...rows.map(([k, v]) => `  ${k.padEnd(width)}  ${lines(v, width + 4)}`)].join("\n");
}

/** Wrong use (an unknown option or name), as opposed to work that failed. The command line exits with 2. */
export class UsageError extends EspalierError {}

/** A broken promise of Espalier's own code, never of the user's input. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`internal: ${what}`);
}
