/** Columns of words with a tag for each, as tokens and a class for each of these. */
import { EspalierError, UsageError } from "../../error.ts";
import { option, say } from "../../message.ts";
import { IGNORED } from "../columns.ts";
import type { ColumnInput } from "../from-columns.ts";
import { type LabelKind, noClass, shownValues } from "../labels.ts";
import { encodeWords } from "../text/encode-texts.ts";
import { columnOf } from "./roles.ts";
import { fewNames, type TableRows } from "./rows.ts";
import type { TablePart } from "./table-labels.ts";
import { partsOfTokens, type TextParts, type TextReading } from "./table-texts.ts";

/** The tokens of each part with their labels. */
export interface TaggedParts<Part extends string> extends TextParts<Part> {
  readonly labels: Readonly<Record<Part, ColumnInput>>;
  readonly classes: number;
  /** The tag of each class. */
  readonly values: readonly string[];
}

/**
 * Whether labels are tags of words: the labels are lists, or are said to be of places.
 * @throws UsageError for tags of two texts, or of several columns
 */
export function areTagged(
  table: TableRows,
  texts: readonly string[],
  labels: readonly string[],
  kind: LabelKind | undefined,
): boolean {
  const lists = labels.filter((name) => columnOf(table, name).kind === "lists");
  if (lists.length === 0 && (kind !== "places" || labels.length === 0)) return false;
  if (labels.length === 1 && texts.length === 1) return true;
  throw new UsageError(
    "mismatch",
    "tags are of the words of one text, and in one column",
    { ...table.place(0), got: `texts ${fewNames(texts)}; labels ${fewNames(labels)}` },
    say`name one column by ${option("textColumns")} and one by ${option("labelColumns")}`,
  );
}

/**
 * Words are lists, or texts that are cut at white space; so are their tags. Tags that are whole numbers are the classes of these numbers,
 * by the names that the file has for them; −100 counts for nothing.
 * @param given the tags, in the order of the model's outputs. Default: those of the file, else those that occur, sorted
 * @throws EspalierError naming file and row where words and tags differ in number, something is missing, or a tag is none of the classes
 */
export function taggedParts<Part extends string>(
  parts: Readonly<Record<Part, TablePart>>,
  text: string,
  label: string,
  { tokenizer, maxLength, length }: TextReading,
  given?: readonly string[],
): TaggedParts<Part> {
  const all = Object.entries<TablePart>(parts) as [Part, TablePart][];
  const rows = all.flatMap(([part, { table, rows }]) =>
    Array.from(rows, (row) => ({ part, table, row, ...taggedRow(table, row, text, label) })),
  );
  const [train, first] = all[0];
  // Of a table that is cut into parts all rows are known; of one with parts of its own those that are trained on.
  const known = rows.filter(({ table }) => table === first.table).flatMap(({ tags }) => tags);
  const values = given ?? first.table.classNames?.[label] ?? inOrder(new Set(known.filter((tag) => tag !== NOTHING)));
  for (const { table, row, tags } of rows)
    for (const tag of tags)
      if (tag !== NOTHING && !values.includes(tag))
        noClass(tag, { ...table.place(row), column: label }, values, given ? undefined : train);
  const { inputs, labels, lengths, notes } = encodeWords(
    rows.map(({ words }) => words),
    rows.map(({ tags }) => tags),
    tokenizer,
    {
      classes: values,
      name: text,
      ...(maxLength !== undefined && { maxLength }),
      ...(length !== undefined && { length }),
    },
  );
  const made = partsOfTokens(parts, { ...inputs, [label]: labels }, lengths);
  const tagged = all.map(([part]) => [part, made[part].inputs[label]] as const);
  const plain = all.map(([part]) => {
    const { [label]: _, ...inputs } = made[part].inputs;
    return [part, { ...made[part], inputs }] as const;
  });
  return {
    parts: Object.fromEntries(plain) as TaggedParts<Part>["parts"],
    labels: Object.fromEntries(tagged) as TaggedParts<Part>["labels"],
    classes: values.length,
    values,
    notes: [
      say`words: ${text}, as ${lengths.reduce((a, b) => Math.max(a, b))} tokens at most (${tokenizer.kind}); each has a tag of ${label}: ${shownValues(values)}`,
      ...notes,
    ],
  };
}

/** A tag that counts for nothing. */
const NOTHING = String(IGNORED);

/** Whole numbers from 0 to the largest, other tags sorted. */
function inOrder(tags: ReadonlySet<string>): readonly string[] {
  const numbers = [...tags].map(Number);
  if (!numbers.every((n) => Number.isInteger(n) && n >= 0)) return [...tags].sort();
  return Array.from({ length: 1 + Math.max(...numbers) }, (_, i) => String(i));
}

function taggedRow(
  table: TableRows,
  row: number,
  text: string,
  label: string,
): { readonly words: readonly string[]; readonly tags: readonly string[] } {
  const [words, found] = [text, label].map((name) => listAt(table, row, name));
  const names = table.classNames?.[label];
  if (words.length !== found.length)
    throw new EspalierError(
      "mismatch",
      "a row has not one tag a word",
      {
        ...table.place(row),
        got: `${found.length} tags in ${label}`,
        wanted: `${words.length}, one for each word of ${text}`,
      },
      "correct the row",
    );
  // Numbers are the file's own names of classes.
  return { words, tags: names ? found.map((tag) => (/^\d+$/.test(tag) ? (names[Number(tag)] ?? tag) : tag)) : found };
}

function listAt(table: TableRows, row: number, name: string): readonly string[] {
  const column = columnOf(table, name);
  const list =
    column.kind === "lists"
      ? column.lists[row]
      : column.kind === "texts"
        ? column.values[column.codes[row]]?.split(/\s+/).filter((word) => word !== "")
        : column.kind === "numbers" && !Number.isNaN(column.numbers[row])
          ? [String(column.numbers[row])]
          : undefined;
  if (list && list.length > 0) return list;
  throw new EspalierError(
    "missing",
    "a row has no words, or no tags",
    {
      ...table.place(row),
      column: name,
      got: list ? "an empty list" : column.kind === "vectors" ? "numbers" : "nothing",
    },
    say`fill it in, or leave such rows out: ${option("missing")} drop`,
  );
}
