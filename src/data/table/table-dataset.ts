/** A data set of a table: numbers and categories of its columns side by side as x, lists as inputs of their names, labels. */
import { EspalierError, UsageError } from "../../error.ts";
import { option, say, type Words } from "../../message.ts";
import { type Dataset, drawHeldOut, drawnNote } from "../dataset.ts";
import { type ColumnEncoding, type Encoding, labelsAreIndices } from "../encoding.ts";
import { type ColumnInput, fromColumns, type PlacedColumns } from "../from-columns.ts";
import type { LabelKind } from "../labels.ts";
import {
  checkCategories,
  columnWidth,
  encodeColumn,
  fitColumn,
  isMissingAt,
  isScalar,
  type MissingRule,
  type ScalarColumn,
} from "./encode.ts";
import { columnOf, type Roles, rolesOf } from "./roles.ts";
import { fewNames, type TableRows } from "./rows.ts";
import type { TableBuilderOptions } from "./table-builder.ts";
import { type TablePart, tableLabels } from "./table-labels.ts";
import { areTagged, taggedParts } from "./table-tags.ts";
import { textColumnsOf, textParts } from "./table-texts.ts";

export interface TableOptions extends TableBuilderOptions {
  readonly labelKind?: LabelKind;
  readonly expects?: "numbers";
  readonly classes?: readonly string[];
  readonly standardize?: boolean;
  readonly missing?: MissingRule;
  readonly testSplit?: number;
  readonly encoding?: Encoding | null;
}

export type PartName = "train" | "test" | "val";
export type Tables = { readonly train: TableRows } & Partial<Record<PartName, TableRows>>;

/** What scalar columns are called together. */
const JOINED = "x";

/**
 * @param tables of the parts that have their own; without one for testing a share is drawn
 * @param name of the data set, which messages call it by
 */
export function datasetOfTable(tables: Tables, name: string, options: TableOptions): Dataset {
  const { missing = "refuse", encoding, testSplit } = options;
  if (tables.test && testSplit !== undefined)
    throw new UsageError(
      "conflict",
      "the data has test samples of its own",
      { file: name, got: say`${option("testSplit")}` },
      "leave it out",
    );
  const all = rolesOf(tables.train, options);
  const texts = options.text && textColumnsOf(tables.train, all, options.text);
  const roles = texts ? { ...all, inputs: texts } : all;
  const parts = partsOfTable(tables, roles, { missing, testSplit });
  const { text, classes = encoding?.classes } = options;
  const words =
    texts && text && areTagged(tables.train, texts, roles.labels, options.labelKind)
      ? taggedParts(parts, texts[0], roles.labels[0], text, classes)
      : undefined;
  const tokens = words ?? (texts && text ? textParts(parts, texts, text) : undefined);
  const scalars = (texts ? [] : roles.inputs).map((input) => columnOf(tables.train, input)).filter(isScalar);
  for (const column of scalars)
    checkCategories(column, tables.train, options.categorical?.includes(column.name) ?? false);
  // Columns of a new data set are standardized; a model that records nothing is fed what the file holds.
  const standardize = options.standardize ?? encoding === undefined;
  const before = new Map(encoding?.columns?.map((c) => [c.name, c]));
  const columns = scalars.map((c) => before.get(c.name) ?? fitColumn(c, parts.train.rows, { standardize, missing }));

  const labels = words
    ? { parts: words.labels, classes: words.classes, values: words.values, notes: [] }
    : roles.labels.length === 0
      ? undefined
      : tableLabels(parts, roles.labels, {
          kind: options.labelKind ?? options.expects,
          classes,
          asIndices: labelsAreIndices(encoding),
        });
  const label = roles.labels.length === 1 ? roles.labels[0] : "labels";
  const of = (part: PartName): PlacedColumns => ({
    ...(tokens ? tokens.parts[part] : { inputs: inputsOfPart(parts[part]!, roles, columns, missing) }),
    ...(labels && { labels: { [label]: labels.parts[part]! } }),
    origin: (sample) => parts[part]!.table.place(parts[part]!.rows[sample]),
  });
  const data = fromColumns(of("train"), {
    name,
    test: of("test"),
    ...(parts.val && { val: of("val") }),
    ...(labels && { classes: { [label]: labels.classes } }),
  });
  const made: Encoding = {
    ...(columns.length > 0 && { columns }),
    labels: roles.labels,
    ...(labels?.values && { classes: labels.values }),
  };
  const dropped = Object.values(parts).reduce((sum, { dropped }) => sum + dropped, 0);
  const notes: Words[] = [
    ...tables.train.notes,
    ...(columns.length > 0 ? [inputsNote(columns)] : []),
    ...(tokens?.notes ?? []),
    ...(labels?.notes ?? []),
    ...(tables.test ? [] : [drawnNote(parts.train.rows.length, parts.test.rows.length, "rows")]),
    ...(dropped > 0 ? [`${dropped} rows in which something is missing are left out`] : []),
  ];
  return { ...data, ...(labels?.values && { classNames: labels.values }), encoding: made, notes };
}

/** Which rows are in which part; rows with something missing are dropped before any are drawn. */
export function partsOfTable(
  tables: Tables,
  { inputs, labels }: Roles,
  { missing, testSplit = 0.2 }: { readonly missing: MissingRule; readonly testSplit?: number },
) {
  const whole = (table: TableRows) => {
    const columns = [...inputs, ...labels].flatMap((name) => table.columns.filter((c) => c.name === name));
    const absent = [...inputs, ...labels].find((name) => !columns.some((c) => c.name === name));
    if (absent !== undefined)
      throw new EspalierError("missing", "a column of the training samples is not there", {
        file: table.place(0)["file"],
        column: absent,
        got: fewNames(table.columns.map(({ name }) => name)),
      });
    const all = Uint32Array.from({ length: table.count }, (_, row) => row);
    const rows = missing === "drop" ? all.filter((row) => !columns.some((c) => isMissingAt(c, row))) : all;
    if (rows.length === 0)
      throw new EspalierError(
        "missing",
        "no row is left: something is missing in each",
        { file: table.place(0)["file"], got: `${table.count} rows` },
        say`leave columns out by ${option("skipColumns")}, or fill them: ${option("missing")} mean`,
      );
    return { table, rows, dropped: table.count - rows.length };
  };
  const train = whole(tables.train);
  const val = tables.val && { val: whole(tables.val) };
  if (tables.test)
    return { train, test: whole(tables.test), ...val } as Readonly<
      Record<PartName, TablePart & { readonly dropped: number }>
    >;
  const { held, left } = drawHeldOut(train.rows.length, "test", testSplit, 0);
  const take = (at: Uint32Array) => at.map((i) => train.rows[i]);
  return {
    train: { ...train, rows: take(left) },
    test: { ...train, rows: take(held), dropped: 0 },
    ...val,
  } as Readonly<Record<PartName, TablePart & { readonly dropped: number }>>;
}

function inputsOfPart(
  { table, rows }: TablePart,
  { inputs }: Roles,
  columns: readonly ColumnEncoding[],
  missing: MissingRule,
): Record<string, ColumnInput> {
  const made: Record<string, ColumnInput> = {};
  const stride = columns.reduce((sum, c) => sum + columnWidth(c), 0);
  if (stride > 0) {
    const x = new Float32Array(rows.length * stride);
    let at = 0;
    for (const encoding of columns) {
      const column = columnOf(table, encoding.name);
      if (!isScalar(column))
        throw new EspalierError("mismatch", "a column holds other things than before", {
          ...table.place(0),
          column: column.name,
          got: column.kind,
          wanted: "numbers or categories",
        });
      encodeColumn(encoding, { column: column as ScalarColumn, table, rows, missing }, { x, at, stride });
      at += columnWidth(encoding);
    }
    made[JOINED] = { data: x, shape: [stride] };
  }
  for (const name of inputs) {
    const column = columnOf(table, name);
    if (column.kind === "vectors") made[name] = vectorsOf(column, rows);
    else if (column.kind === "bytes" || column.kind === "lists")
      throw new UsageError(
        "unsupported",
        column.kind === "bytes" ? "a column holds bytes" : "a column holds lists of texts, and no tokenizer was given",
        { ...table.place(0), column: name },
        say`leave it out by ${option("skipColumns")}${column.kind === "bytes" ? "" : say`, or give the tokenizer of the model: ${option("tokenizer")}`}`,
      );
  }
  return made;
}

/** Whole numbers stay whole: they may be tokens. */
function vectorsOf(
  { numbers, shape }: { readonly numbers: Float64Array; readonly shape: readonly number[] },
  rows: Uint32Array,
): ColumnInput {
  const width = shape.reduce((a, b) => a * b, 1);
  const whole = numbers.every((v) => Number.isInteger(v) && Math.abs(v) <= 0x7fffffff);
  const data = whole ? new Int32Array(rows.length * width) : new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    data.set(numbers.subarray(row * width, (row + 1) * width), i * width);
  });
  return { data, shape };
}

/** What the columns became, for people. */
function inputsNote(columns: readonly ColumnEncoding[]): Words {
  const numbers = columns.filter((c) => !("categories" in c));
  const categories = columns.flatMap((c) => ("categories" in c ? [`${c.name} (${c.categories.length})`] : []));
  const scaled = numbers.some((c) => "mean" in c);
  const of =
    numbers.length === 0
      ? []
      : [
          say`numbers${scaled ? ", standardized by the training samples" : say`, as they are: ${option("standardize")} standardizes them`}: ${fewNames(numbers.map(({ name }) => name))}`,
        ];
  const text = categories.length === 0 ? [] : [say`categories: ${fewNames(categories)}`];
  return [...of, ...text].reduce((a, b) => say`${a}; ${b}`);
}
