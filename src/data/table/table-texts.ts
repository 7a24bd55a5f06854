/** Columns of texts as what a model of text takes: which ones, and their rows as tokens. */
import { EspalierError, UsageError } from "../../error.ts";
import { option, say, type Words } from "../../message.ts";
import type { PlacedColumns } from "../from-columns.ts";
import { encodeTexts, type TokenColumn } from "../text/encode-texts.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";
import { columnOf, type Roles } from "./roles.ts";
import { fewNames, type TableRows } from "./rows.ts";
import type { TablePart } from "./table-labels.ts";

/** How texts of a data set are read. */
export interface TextReading {
  readonly tokenizer: TextTokenizer;
  /** The columns of texts: one, or two whose texts are a pair. Default: the only one that holds texts and no labels. */
  readonly columns?: readonly string[];
  /** As of `encodeTexts`. */
  readonly maxLength?: number;
  readonly length?: number;
}

/** Which columns are read as texts. @throws UsageError where it is not said and several could be */
export function textColumnsOf(table: TableRows, { inputs }: Roles, { columns }: TextReading): readonly string[] {
  const file = { file: table.place(0)["file"] };
  const kindOf = (name: string) => `${name} (${columnOf(table, name).kind})`;
  const holding = inputs.filter((name) => ["texts", "lists"].includes(columnOf(table, name).kind));
  if (columns) {
    const absent = columns.find((name) => !inputs.includes(name));
    if (absent !== undefined || columns.length > 2)
      throw new UsageError(
        absent === undefined ? "out-of-range" : "missing",
        absent === undefined ? "a sample has one text, or two" : "the data has no such column of texts",
        { ...file, got: absent ?? fewNames(columns), wanted: fewNames(inputs) },
      );
    return columns;
  }
  if (holding.length === 1) return holding;
  throw new UsageError(
    "missing",
    holding.length === 0 ? "no column holds texts" : "several columns hold texts",
    { ...file, got: holding.length === 0 ? fewNames(inputs.map(kindOf)) : fewNames(holding) },
    holding.length === 0
      ? say`write texts to it, or name it by ${option("textColumns")} if its numbers are meant as texts`
      : say`name one, or the two of a pair, by ${option("textColumns")}`,
  );
}

/** The tokens of each part, all filled up to one length. */
export interface TextParts<Part extends string> {
  readonly parts: Readonly<Record<Part, Required<Pick<PlacedColumns, "places">> & Pick<PlacedColumns, "inputs">>>;
  readonly notes: readonly Words[];
}

/**
 * @throws EspalierError naming file and row of a text that is missing or empty; UsageError for a length that the model has not
 */
export function textParts<Part extends string>(
  given: Readonly<Record<Part, TablePart>>,
  names: readonly string[],
  { tokenizer, maxLength, length }: TextReading,
): TextParts<Part> {
  const all = Object.entries<TablePart>(given) as [Part, TablePart][];
  const [texts, pairs] = names.map((name) => all.flatMap(([, part]) => textsOf(part, name)));
  const sizes = { ...(maxLength !== undefined && { maxLength }), ...(length !== undefined && { length }) };
  const { inputs, lengths, notes } = encodeTexts(texts, tokenizer, {
    ...sizes,
    name: names[0],
    ...(pairs && { pairs }),
  });
  const parts = partsOfTokens(given, inputs, lengths);
  const said = say`texts: ${names.join(" and ")}, as ${lengths.reduce((a, b) => Math.max(a, b))} tokens at most (${tokenizer.kind})`;
  return { parts, notes: [said, ...notes] };
}

/** Tokens of all parts, one part after another, part by part. */
export function partsOfTokens<Part extends string>(
  given: Readonly<Record<Part, TablePart>>,
  columns: Readonly<Record<string, TokenColumn>>,
  lengths: Int32Array,
): TextParts<Part>["parts"] {
  let from = 0;
  const parts = {} as { -readonly [P in Part]: TextParts<Part>["parts"][P] };
  for (const [part, { rows }] of Object.entries<TablePart>(given) as [Part, TablePart][]) {
    const to = from + rows.length;
    const cut = ({ data, shape }: TokenColumn) => ({ data: data.slice(from * shape[0], to * shape[0]), shape });
    const inputs = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, cut(column)]));
    parts[part] = { inputs, places: { lengths: lengths.slice(from, to), of: Object.keys(columns) } };
    from = to;
  }
  return parts;
}

function textsOf({ table, rows }: TablePart, name: string): string[] {
  const column = columnOf(table, name);
  if (column.kind !== "texts" && column.kind !== "numbers")
    throw new EspalierError(
      "mismatch",
      column.kind === "lists" ? "words have no tag each: the labels are one a sample" : "a column holds no texts",
      { ...table.place(0), column: name, got: column.kind },
      column.kind === "lists" ? "write the words as one text, or give lists of tags" : undefined,
    );
  return Array.from(rows, (row) => {
    const text = column.kind === "texts" ? column.values[column.codes[row]] : shownNumber(column.numbers[row]);
    if (text !== undefined && text.trim() !== "") return text;
    throw new EspalierError(
      "mismatch",
      "a text is missing",
      { ...table.place(row), column: name },
      say`fill it in, or leave such rows out: ${option("missing")} drop`,
    );
  });
}

const shownNumber = (n: number): string | undefined => (Number.isNaN(n) ? undefined : String(n));
