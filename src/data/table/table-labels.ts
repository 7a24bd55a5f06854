/** The labels of a table: classes by their values, or numbers. */
import { EspalierError, UsageError } from "../../error.ts";
import { option, say, type Words } from "../../message.ts";
import type { ColumnInput } from "../from-columns.ts";
import { type LabelKind, noClass, readLabelKind, shownValues } from "../labels.ts";
import { isMissingAt } from "./encode.ts";
import { columnOf } from "./roles.ts";
import { fewNames, type TableColumn, type TableRows } from "./rows.ts";

/** A part of the data: rows of a table. */
export interface TablePart {
  readonly table: TableRows;
  readonly rows: Uint32Array;
}

export interface TableLabels<Part extends string> {
  readonly parts: Readonly<Record<Part, ColumnInput>>;
  readonly classes: number | null;
  /** The value of each class. */
  readonly values?: readonly string[];
  readonly notes: readonly Words[];
}

interface Asked {
  readonly kind?: LabelKind;
  readonly classes?: readonly string[];
  readonly asIndices: boolean;
}

/**
 * Labels of the parts.
 * @param names of the columns, at least one
 * @throws EspalierError naming file, row and column of a label that is missing, is no number, or is of a class that training has not
 */
export function tableLabels<Part extends string>(
  parts: Readonly<Record<Part, TablePart>>,
  names: readonly string[],
  asked: Asked,
): TableLabels<Part> {
  const all = Object.entries<TablePart>(parts);
  for (const [, part] of all) checkThere(part, names);
  const [, train] = all[0];
  const column = columnOf(train.table, names[0]);
  const told = train.table.classNames?.[names[0]];
  const inTexts = all.some(([, { table }]) => columnOf(table, names[0]).kind === "texts");
  // Numbers with names of classes, for a model that knows the names.
  const byName = column.kind === "numbers" && asked.classes?.some((name) => told?.includes(name));
  if (names.length === 1 && asked.kind !== "numbers" && (inTexts || byName))
    return byValue(parts, names[0], asked.classes);
  if (names.length === 1 && column.kind === "vectors" && asked.kind === undefined)
    return ofNumbers(parts, names, { ...asked, kind: undefined });
  const several = names.length > 1 && asked.kind === undefined;
  const read = ofNumbers(parts, names, asked);
  if (several && read.values === undefined && read.classes !== null && !isOneHot(read.notes))
    return ofNumbers(parts, names, { ...asked, kind: "numbers" });
  if (read.classes === null || read.values) return read;
  const values = names.length > 1 ? names : told && asked.classes === undefined ? told : undefined;
  if (!values) return read;
  return { ...read, classes: Math.max(read.classes, values.length), values };
}

/** Whether rows of several columns became classes. */
const isOneHot = (notes: readonly Words[]): boolean => notes.length > 0;

function checkThere({ table, rows }: TablePart, names: readonly string[]): void {
  for (const name of names) {
    const column = columnOf(table, name);
    for (const row of rows)
      if (isMissingAt(column, row))
        throw new EspalierError(
          "missing",
          "a label is missing",
          { ...table.place(row), column: name },
          say`fill it in, or leave such rows out: ${option("missing")} drop`,
        );
    if (column.kind === "bytes")
      throw new UsageError(
        "mismatch",
        "a column of bytes holds no labels",
        { ...table.place(0), column: name },
        say`name another by ${option("labelColumns")}`,
      );
  }
}

const textAt = (column: TableColumn, row: number): string =>
  column.kind === "texts"
    ? column.values[column.codes[row]]
    : column.kind === "numbers"
      ? String(column.numbers[row])
      : "";

/** The name of a class where the file names them, else the value. */
function valueAt(table: TableRows, name: string, row: number): string {
  const column = columnOf(table, name);
  return (
    (column.kind === "numbers" ? table.classNames?.[name]?.[column.numbers[row]] : undefined) ?? textAt(column, row)
  );
}

function byValue<Part extends string>(
  parts: Readonly<Record<Part, TablePart>>,
  name: string,
  given?: readonly string[],
): TableLabels<Part> {
  const all = Object.entries<TablePart>(parts);
  const [train, first] = all[0];
  // Of a table that is cut into parts all rows are known; of one with parts of its own those that are trained on.
  const known = all.filter(([, { table }]) => table === first.table);
  const occur = new Set(known.flatMap(([, { table, rows }]) => Array.from(rows, (row) => valueAt(table, name, row))));
  const values = given ?? [...occur].sort();
  const index = new Map(values.map((value, i) => [value, i]));
  const made = all.map(([part, { table, rows }]) => {
    const data = Int32Array.from(
      rows,
      (row) =>
        index.get(valueAt(table, name, row)) ??
        noClass(valueAt(table, name, row), { ...table.place(row), column: name }, values, given ? undefined : train),
    );
    return [part, { data, shape: [] }];
  });
  const notes = given ? [] : [say`${name} tells ${values.length} classes apart: ${shownValues(values)}`];
  return { parts: Object.fromEntries(made), classes: values.length, values, notes };
}

function ofNumbers<Part extends string>(
  parts: Readonly<Record<Part, TablePart>>,
  names: readonly string[],
  { kind, classes, asIndices }: Asked,
): TableLabels<Part> {
  const given = Object.fromEntries(
    Object.entries<TablePart>(parts).map(([part, { table, rows }]) => [
      part,
      { ...numbersOf(table, rows, names), fractions: false },
    ]),
  );
  const one = (part: string | undefined, sample = 0): Readonly<Record<string, string | number>> => {
    const { table, rows } = part === undefined ? Object.values<TablePart>(parts)[0] : parts[part as Part];
    return part === undefined
      ? { file: table.place(0)["file"]!, column: fewNames(names) }
      : { ...table.place(rows[sample]), column: fewNames(names) };
  };
  return readLabelKind(given, { where: one, kind, classes, asIndices }) as TableLabels<Part>;
}

function numbersOf(
  table: TableRows,
  rows: Uint32Array,
  names: readonly string[],
): { data: Float64Array; shape: readonly number[] } {
  const columns = names.map((name) => columnOf(table, name));
  const shape = columns.length === 1 ? (columns[0].kind === "vectors" ? columns[0].shape : []) : [columns.length];
  const width = shape.reduce((a, b) => a * b, 1);
  const data = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    columns.forEach((column, at) => {
      if (column.kind === "numbers") data[i * width + at] = column.numbers[row];
      else if (column.kind === "vectors" && columns.length === 1)
        data.set(column.numbers.subarray(row * width, (row + 1) * width), i * width);
      else
        throw new EspalierError("mismatch", "a label is no number", {
          ...table.place(row),
          column: column.name,
          got: column.kind === "texts" ? textAt(column, row) : column.kind,
          wanted: "a number",
        });
    });
  });
  return { data, shape };
}
