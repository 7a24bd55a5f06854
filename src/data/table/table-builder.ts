/** A table in memory that is filled row by row, from one file or several of the same columns. */
import { EspalierError, UsageError } from "../../error.ts";
import { option, say } from "../../message.ts";
import { didYouMean } from "../../nearest.ts";
import { isLabelName } from "../labels.ts";
import { type GrowingColumn, growingColumn } from "./column-builder.ts";
import { fewNames, type TableRows } from "./rows.ts";
import type { TextReading } from "./table-texts.ts";

/** The kinds of columns are seen from so many rows. */
const SEEN = 1000;
/** What the columns that are kept may take. */
const MOST_BYTES = 2 ** 30;

export interface TableBuilderOptions {
  /** The columns that are kept; default: all but those that are left out. */
  readonly inputColumns?: readonly string[];
  readonly labelColumns?: readonly string[];
  readonly skipColumns?: readonly string[];
  /** Columns whose values are categories also where they are numbers. */
  readonly categorical?: readonly string[];
  /** For a model of text. */
  readonly text?: TextReading;
}

/** The rows of a table as they come. */
export class TableBuilder {
  private readonly options: TableBuilderOptions;
  private names: readonly string[] = [];
  private kept: readonly number[] = [];
  private columns: GrowingColumn[] | undefined;
  private first: { readonly values: readonly unknown[]; readonly place: Readonly<Record<string, string | number>> }[] =
    [];
  private readonly starts: { readonly file: string; readonly from: number }[] = [];
  private readonly lines: number[] = [];
  private classNames: Readonly<Record<string, readonly string[]>> | undefined;
  private readonly notes: string[] = [];
  private readonly unit: "line" | "row";

  /** @param unit what a row's number counts */
  constructor(options: TableBuilderOptions, unit: "line" | "row") {
    this.options = options;
    this.unit = unit;
  }

  /**
   * Goes on with a file.
   * @throws EspalierError when its columns or their classes are others than those of the files before; UsageError for a column that was named and is not there
   */
  file(
    file: string,
    names: readonly string[],
    { notes = [], classNames }: Partial<Pick<TableRows, "notes" | "classNames">> = {},
  ): void {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new EspalierError("invalid-file", "two columns have one name", { file, got: twice });
    if (this.starts.length === 0) this.begin(file, names);
    else if (names.join("\0") !== this.names.join("\0"))
      throw new EspalierError("mismatch", "two files of a table have other columns", {
        file,
        got: fewNames(names),
        wanted: `${fewNames(this.names)}, as ${this.starts[0].file} has`,
      });
    this.starts.push({ file, from: this.lines.length });
    this.notes.push(...notes.filter((note) => !this.notes.includes(note)));
    this.checkClassNames(file, classNames);
    this.classNames ??= classNames;
  }

  /** Whole numbers would be other classes in this file than in those before. */
  private checkClassNames(file: string, classNames: TableRows["classNames"]): void {
    for (const [column, names] of Object.entries(classNames ?? {})) {
      const before = this.classNames?.[column];
      if (before && before.join("\0") !== names.join("\0"))
        throw new EspalierError(
          "mismatch",
          "two files of a table have other classes, or the same in another order",
          { file, column, got: fewNames(names), wanted: `${fewNames(before)}, as ${this.starts[0].file} has` },
          "write them with the same features",
        );
    }
  }

  private begin(file: string, names: readonly string[]): void {
    const { inputColumns, labelColumns, skipColumns = [], categorical, text } = this.options;
    const asked = [
      ...(inputColumns ?? []),
      ...(labelColumns ?? []),
      ...skipColumns,
      ...(categorical ?? []),
      ...(text?.columns ?? []),
    ];
    const unknown = asked.find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new UsageError(
        "unknown-name",
        "the data has no such column",
        { file, got: unknown, wanted: fewNames(names) },
        didYouMean(unknown, names),
      );
    this.names = names;
    const wanted = (name: string) =>
      !skipColumns.includes(name) && (!inputColumns || inputColumns.includes(name) || isLabelName(name, labelColumns));
    this.kept = names.flatMap((name, i) => (wanted(name) ? [i] : []));
  }

  /** The names of the columns that are kept: others need not be read. */
  columnsRead(): string[] {
    return this.kept.map((i) => this.names[i]);
  }

  /**
   * Adds a row.
   * @param values by the names of the file
   * @param line its number in the file
   * @throws EspalierError naming file, row and column for a value that is not of its column's kind, and where all takes too much memory
   */
  add(values: readonly unknown[], line: number): void {
    const { file } = this.starts[this.starts.length - 1];
    const place = { file, [this.unit]: line };
    if (values.length !== this.names.length)
      throw new EspalierError(
        "invalid-file",
        "a row has another number of values than there are columns",
        { ...place, got: values.length, wanted: this.names.length },
        "quote values that have the delimiter in them, or correct the row",
      );
    this.lines.push(line);
    if (!this.columns) {
      this.first.push({ values, place });
      if (this.first.length >= SEEN) this.settle();
      return;
    }
    this.put(values, place);
    if (this.lines.length % 4096 === 0) this.checkSize(file);
  }

  private settle(): void {
    const { categorical = [], text, labelColumns } = this.options;
    this.columns = this.kept.map((i) => {
      const name = this.names[i];
      const isLabel = isLabelName(name, labelColumns) || this.classNames?.[name] !== undefined;
      return growingColumn(
        name,
        this.first.map(({ values }) => values[i]),
        {
          asTexts: categorical.includes(name) || (text?.columns?.includes(name) ?? false),
          free: text !== undefined && !isLabel,
          tags: text !== undefined && isLabel,
        },
      );
    });
    for (const { values, place } of this.first) this.put(values, place);
    this.first = [];
  }

  private put(values: readonly unknown[], place: Readonly<Record<string, string | number>>): void {
    for (const [at, i] of this.kept.entries()) this.columns![at].add(values[i], place);
  }

  private checkSize(file: string): void {
    const bytes = this.columns!.reduce((sum, c) => sum + c.bytes, 0);
    if (bytes > MOST_BYTES)
      throw new EspalierError(
        "too-large",
        "the table does not fit into memory",
        {
          file,
          got: `${Math.round(bytes / 2 ** 20)} MiB after ${this.lines.length} rows of ${this.kept.length} columns`,
          wanted: `at most ${MOST_BYTES / 2 ** 20} MiB`,
        },
        say`read fewer columns (${option("inputColumns")}, ${option("skipColumns")}) or a part of the rows`,
      );
  }

  /** @throws EspalierError for a table without rows */
  done(): TableRows {
    if (this.lines.length === 0)
      throw new EspalierError("missing", "the table has no rows", {
        file: this.starts.map(({ file }) => file).join(", ") || "none",
      });
    if (!this.columns) this.settle();
    const { starts, lines, unit, notes, classNames } = this;
    return {
      count: lines.length,
      columns: this.columns!.map((c) => c.done()),
      place: (row) => ({ file: starts.findLast(({ from }) => from <= row)!.file, [unit]: lines[row] }),
      notes,
      ...(classNames && { classNames }),
    };
  }
}
