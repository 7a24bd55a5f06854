/** Columns of a table into numbers: what is fitted to the training rows, and the same done to any rows. */
import { EspalierError } from "../../error.ts";
import { option, say } from "../../message.ts";
import type { ColumnEncoding } from "../encoding.ts";
import { shownCell } from "./cells.ts";
import type { TableColumn, TableRows } from "./rows.ts";

/** What becomes of values that are missing: refused, a column's mean (no category), or rows without them. */
export type MissingRule = (typeof MISSING_RULES)[number];
export const MISSING_RULES = ["refuse", "mean", "drop"] as const;

/** A column of one number, or of categories, each a number. */
export type ScalarColumn = Extract<TableColumn, { kind: "numbers" | "texts" }>;
export const isScalar = (column: TableColumn): column is ScalarColumn =>
  column.kind === "numbers" || column.kind === "texts";

/** Inputs of more categories than this are names or texts, unless it is said that they are categories. */
const MOST_CATEGORIES = 100;

/** @throws EspalierError for texts that are hardly categories */
export function checkCategories(column: ScalarColumn, table: TableRows, saidToBe: boolean): void {
  if (column.kind !== "texts" || saidToBe || column.values.length <= MOST_CATEGORIES) return;
  throw new EspalierError(
    "unsupported",
    "a column of texts has more different values than categories have",
    {
      ...table.place(0),
      column: column.name,
      got: `${column.values.length} different values, such as ${shownCell(column.values[0])}`,
      wanted: `at most ${MOST_CATEGORIES}`,
    },
    say`leave it out by ${option("skipColumns")}, or name it in ${option("categorical")}`,
  );
}

export const isMissingAt = (column: TableColumn, row: number): boolean =>
  column.kind === "numbers"
    ? Number.isNaN(column.numbers[row])
    : column.kind === "texts"
      ? column.codes[row] < 0
      : column.kind === "lists"
        ? column.lists[row] === null
        : column.kind === "bytes" && column.bytes[row] === null;

/** Mean and deviation of the values that are there; a constant column is only moved. */
function statisticsOf(numbers: Float64Array, rows: Uint32Array): { mean: number; std: number } {
  let [count, sum] = [0, 0];
  for (const row of rows)
    if (!Number.isNaN(numbers[row])) {
      sum += numbers[row];
      count++;
    }
  const mean = count === 0 ? 0 : sum / count;
  let square = 0;
  for (const row of rows) if (!Number.isNaN(numbers[row])) square += (numbers[row] - mean) ** 2;
  return { mean, std: Math.sqrt(square / Math.max(1, count)) || 1 };
}

/** How a column is encoded, from its training rows; the categories are those of all rows. */
export function fitColumn(
  column: ScalarColumn,
  rows: Uint32Array,
  { standardize, missing }: { readonly standardize: boolean; readonly missing: MissingRule },
): ColumnEncoding {
  const { name } = column;
  if (column.kind === "texts") return { name, categories: [...column.values].sort() };
  const { mean, std } = statisticsOf(column.numbers, rows);
  return { name, ...(standardize && { mean, std }), ...(missing === "mean" && { fill: mean }) };
}

/** How many numbers a column becomes. */
export const columnWidth = (encoding: ColumnEncoding): number =>
  "categories" in encoding ? encoding.categories.length : 1;

/**
 * Writes a column's numbers into rows of x.
 * @throws EspalierError naming file, row and column for a value that is missing or no number, and for a category that there was not
 */
export function encodeColumn(
  encoding: ColumnEncoding,
  {
    column,
    table,
    rows,
    missing,
  }: {
    readonly column: ScalarColumn;
    readonly table: TableRows;
    readonly rows: Uint32Array;
    readonly missing: MissingRule;
  },
  { x, at, stride }: { readonly x: Float32Array; readonly at: number; readonly stride: number },
): void {
  const fail = (row: number, what: string, got: string, wanted: string) => {
    throw new EspalierError(
      "mismatch",
      what,
      { ...table.place(row), column: column.name, got, wanted },
      say`correct it, or say what becomes of such rows: ${option("missing")} mean or ${option("missing")} drop`,
    );
  };
  const text = (row: number): string | undefined =>
    isMissingAt(column, row)
      ? undefined
      : column.kind === "texts"
        ? column.values[column.codes[row]]
        : String(column.numbers[row]);
  if ("categories" in encoding) {
    const places = new Map(encoding.categories.map((value, i) => [value, i]));
    rows.forEach((row, i) => {
      const value = text(row);
      const place = value === undefined ? undefined : places.get(value);
      if (place !== undefined) x[i * stride + at + place] = 1;
      else if (missing !== "mean")
        fail(
          row,
          value === undefined ? "a value is missing" : "a category is none of those that there were",
          value === undefined ? "nothing" : shownCell(value),
          encoding.categories.slice(0, 8).join(", "),
        );
    });
    return;
  }
  const { mean = 0, std = 1 } = encoding;
  // Of a model that was trained where nothing was missing the mean is known as well.
  const fill = encoding.fill ?? (missing === "mean" ? encoding.mean : undefined);
  rows.forEach((row, i) => {
    if (column.kind === "texts" && !isMissingAt(column, row))
      fail(row, "a value is no number", shownCell(text(row)), "a number, as the column held before");
    const value = column.kind === "numbers" ? column.numbers[row] : Number.NaN;
    if (Number.isNaN(value) && fill === undefined) fail(row, "a value is missing", "nothing", "a number");
    x[i * stride + at] = ((Number.isNaN(value) ? fill! : value) - mean) / std;
  });
}
