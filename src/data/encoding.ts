/** How values of a user's file became the numbers of a data set: what a model that was trained on them has to be told again. */

/** One column of a table, and what became of it. */
export type ColumnEncoding =
  /** A number v, fed as (v − mean) / std; without these as it is. `fill` stands for what is missing. */
  | { readonly name: string; readonly mean?: number; readonly std?: number; readonly fill?: number }
  /** One number for each category, 1 for the one that the value is. */
  | { readonly name: string; readonly categories: readonly string[] };

/** What is kept with a model, as `espalier.data` in its metadata, so that other samples are read as its training samples were. */
export interface Encoding {
  /** The columns that x is made of, in order. */
  readonly columns?: readonly ColumnEncoding[];
  /** The columns of the labels, and which value each class has. */
  readonly labels?: readonly string[];
  readonly classes?: readonly string[];
}

/**
 * Whether whole numbers are the classes themselves for a model with this record: one that was trained on samples without a table of
 * values, or of which nothing is known. A part of the labels would else be numbered anew, from its own smallest on.
 * @param encoding undefined: the data is for a new model
 */
export const labelsAreIndices = (encoding: Encoding | null | undefined): boolean =>
  encoding === null || (encoding?.labels !== undefined && encoding.classes === undefined);
