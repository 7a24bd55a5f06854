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
