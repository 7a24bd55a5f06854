/** Labels that an array holds as texts: the names of classes. */
import type { ColumnInput } from "../data/from-columns.ts";
import { noClass, shownValues } from "../data/labels.ts";
import { EspalierError } from "../error.ts";
import { say, type Words } from "../message.ts";
import type { NpyArray, TextArray } from "./npy.ts";

/** An array and where it is from. */
export type NamedArray = NpyArray & ArrayPlace;
interface ArrayPlace {
  /** As `numpy.savez` is given it: x, y_test, inputs/ids, labels/logits. */
  readonly name: string;
  /** How messages name it: "data.npz: x.npy". */
  readonly where: string;
}

/** A class for each name, in the order of the names where nothing says another. */
interface NamedLabels {
  readonly parts: Readonly<Record<string, ColumnInput>>;
  readonly classes: number;
  readonly values: readonly string[];
  readonly notes: readonly Words[];
}

/** Whether an array holds texts. */
export const isTexts = (array: NamedArray): array is TextArray & ArrayPlace => Array.isArray(array.data);

/**
 * Classes of labels that are names.
 * @param given the arrays of a column by part, of which the first is of the training samples
 * @param classes their names in order. Default: those of the training samples, by the alphabet
 * @throws EspalierError naming array and sample of a name that is none of them, and an array of numbers among those of names
 */
export function namedLabels(
  given: Readonly<Record<string, NamedArray>>,
  column: string,
  classes: readonly string[] | undefined,
): NamedLabels {
  const all = Object.entries(given).map(([part, array]) => {
    if (isTexts(array) && array.shape.slice(1).every((d) => d === 1)) return [part, array] as const;
    throw new EspalierError(
      "mismatch",
      "labels are one name a sample in all parts, or in none",
      { file: array.where, got: `${isTexts(array) ? "texts" : "numbers"} [${array.shape}]` },
      "save numpy.array(names) of one name a sample for each part",
    );
  });
  const [train, first] = all[0];
  const values = classes ?? [...new Set(first.data)].sort();
  const index = new Map(values.map((value, i) => [value, i]));
  const parts = all.map(([part, { data, where }]): [string, ColumnInput] => {
    const of = (name: string, sample: number) =>
      index.get(name) ?? noClass(name, { file: where, sample }, values, classes ? undefined : train);
    return [part, { data: Int32Array.from(data, of), shape: [] }];
  });
  const notes = classes ? [] : [say`${column} tells ${values.length} classes apart: ${shownValues(values)}`];
  return { parts: Object.fromEntries(parts), classes: values.length, values, notes };
}
