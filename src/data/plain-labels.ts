/** Labels that stand in rows although they are one class a sample: rows of one number, and rows with a single 1. */
import { EspalierError } from "../error.ts";
import { named, say, type Words } from "../message.ts";
import type { FromColumnsOptions, PlacedColumns, ReadColumn } from "./from-columns.ts";
import { areOneHot, hotPlaces } from "./labels.ts";

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * The columns with such labels as one class a sample, and what is to be said of it. What `classes` or `places` speak of stays.
 */
export function plainLabels(
  read: readonly ReadColumn[],
  { places }: PlacedColumns,
  classes: FromColumnsOptions["classes"] = {},
): { readonly read: readonly ReadColumn[]; readonly notes: readonly Words[] } {
  const notes: Words[] = [];
  const made = read.map((column) => {
    const { name, is, shape, data } = column;
    const said = Object.hasOwn(classes, name) || places?.of.includes(name);
    if (is !== "label" || column.classes === null || shape.length === 0 || said) return column;
    const width = sizeOf(shape);
    if (width === 1) {
      notes.push(`the labels ${name} have one number in each row: they are taken as one class a sample`);
      return { ...column, shape: [] };
    }
    if (!areOneHot(data, width)) return column;
    notes.push(
      say`the labels ${name} have a single 1 in each row of ${width}: they are taken as ${width} classes, one a sample. In ${named("classes")} null takes them as numbers to fit, 2 as two classes for each of ${width} places`,
    );
    return { ...column, shape: [], data: hotPlaces(data, width), classes: width };
  });
  return { read: made, notes };
}

/**
 * The columns of another part, whose labels stand in rows as those of the training samples did.
 * @throws EspalierError naming the sample whose row has not a single 1
 */
export function asPlain(other: readonly ReadColumn[], read: readonly ReadColumn[]): readonly ReadColumn[] {
  return other.map((column) => {
    const like = read.find(({ name, is }) => name === column.name && is === "label");
    if (!like || like.shape.length > 0 || column.shape.length === 0) return column;
    const width = sizeOf(column.shape);
    if (width === 1) return { ...column, shape: [] };
    if (width !== like.classes) return column;
    const odd = Array.from({ length: column.count }, (_, i) => i).find(
      (i) => !areOneHot(column.data.subarray(i * width, (i + 1) * width), width),
    );
    if (odd !== undefined)
      throw new EspalierError("mismatch", "a row of labels has not a single 1, as those of the training samples have", {
        column: column.name,
        sample: odd,
        got: column.data
          .subarray(odd * width, (odd + 1) * width)
          .slice(0, 8)
          .join(" "),
      });
    return { ...column, shape: [], data: hotPlaces(column.data, width), classes: width };
  });
}
