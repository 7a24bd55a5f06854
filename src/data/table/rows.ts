/** A table as it was read: columns of numbers, texts, vectors or bytes, before anything is made of them. */

/** A column of a table. */
export type TableColumn =
  /** NaN is missing. */
  | { readonly kind: "numbers"; readonly name: string; readonly numbers: Float64Array }
  /** Indices into `values`; −1 is missing. */
  | { readonly kind: "texts"; readonly name: string; readonly codes: Int32Array; readonly values: readonly string[] }
  /** Lists of one shape, row after row. */
  | {
      readonly kind: "vectors";
      readonly name: string;
      readonly numbers: Float64Array;
      readonly shape: readonly number[];
    }
  /** Lists that may differ in length, of words or of their tags; null is missing. */
  | { readonly kind: "lists"; readonly name: string; readonly lists: readonly (readonly string[] | null)[] }
  /** Encoded images or other bytes; null is missing. */
  | { readonly kind: "bytes"; readonly name: string; readonly bytes: readonly (Uint8Array | null)[] };

/** A table in memory. */
export interface TableRows {
  readonly count: number;
  readonly columns: readonly TableColumn[];
  /** Where a row is: the file and its line or number there. */
  place(row: number): Readonly<Record<string, string | number>>;
  /** Names of classes that the file itself has, by column. */
  readonly classNames?: Readonly<Record<string, readonly string[]>>;
  /** How the table was read, where that was guessed. */
  readonly notes: readonly string[];
}

/** What some columns are called, a few of them. */
export const fewNames = (names: readonly string[]): string =>
  names.length <= 8 ? names.join(", ") : `${names.slice(0, 6).join(", ")} and ${names.length - 6} more`;
