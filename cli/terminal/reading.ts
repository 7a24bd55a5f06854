/** What is to be said of how a file was read. */
import { type Model, readingNotes } from "espalier";
import type { Output } from "./output.ts";
import { typed } from "./spelling.ts";

export function sayReading(out: Output, file: string, model: Model): void {
  for (const note of readingNotes(model)) out.warn(`${out.colour.yellow("note:")} ${file}: ${typed(note)}`);
}
