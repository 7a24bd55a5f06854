/** The check of an option that is one of a few words. */
import { UsageError } from "./error.ts";

/** Requires one of the choices: they come as text from a command line or a file. */
export function checkChoice(name: string, x: string, choices: readonly string[]): void {
  if (!choices.includes(x)) throw new UsageError(`${name} is unknown`, { got: x, wanted: choices.join(", ") });
}
