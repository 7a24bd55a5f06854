/** What is to be said of how files were read: models and data. */
import { classNotes, type Dataset, type Model, type Normalization, normalizationNote, readingNotes } from "espalier";
import type { Output } from "./output.ts";
import { typed } from "./spelling.ts";

export function sayReading(out: Output, file: string, model: Model): void {
  for (const note of readingNotes(model)) out.warn(`${out.colour.yellow("note:")} ${file}: ${typed(note)}`);
}

/** What was guessed of data, what of its classes somebody may not have meant, and how the model is fed where nothing says it. */
export function sayData(
  out: Output,
  data: Dataset,
  model: Model,
  normalization: Normalization | null | undefined,
): void {
  const assumed = normalizationNote(model, data, normalization);
  const told = [...(data.notes ?? []), ...(assumed === undefined ? [] : [assumed]), ...classNotes(data)];
  for (const note of told) out.warn(`${out.colour.yellow("note:")} ${typed(note)}`);
}
