/** What `datasets.check` found, with samples of the data, as a page. */
import type { Dataset } from "../data/dataset.ts";
import { samplesAt } from "../data/source.ts";
import { splitStatistics } from "../data/statistics.ts";
import { EspalierError } from "../error.ts";
import { type Spell, type Words, worded } from "../message.ts";
import { type ContactSheetOptions, sheetFor } from "../pipeline/contact-sheet.ts";
import { type DataPage, dataPageHtml } from "../report/data-page.ts";
import type { Table } from "../report/table.ts";
import type { DataCheck } from "./data-check.ts";
import { placeName } from "./data-check.ts";

/** Options of `datasets.page`, beside those of the data. */
export interface DataPageOptions extends ContactSheetOptions {
  /** How options are spelled where they are named. Default: as the library has them. */
  readonly spell?: Spell;
}

const ROWS = 20;
/** Numbers of a sample that are shown. */
const NUMBERS = 24;

/** @param data undefined where it could not be opened */
export async function dataPage(
  checked: DataCheck,
  data: Dataset | undefined,
  { spell = (name) => name, ...shown }: DataPageOptions,
): Promise<string> {
  const { name, kind, found, notes, warnings } = checked;
  const text = (words: Words): string => worded(words, spell);
  const errors = checked.errors.map((error) => error.spelled(spell));
  const isImages = data?.shape.length === 3 && [1, 3].includes(data.shape[0]);
  const failed = (error: unknown): undefined => {
    if (!(error instanceof EspalierError)) throw error;
    const message = error.spelled(spell);
    if (!errors.includes(message)) errors.push(message);
  };
  const sheet = data && isImages ? await sheetFor("datasets.page", data, shown).catch(failed) : undefined;
  const rows = data && !isImages ? await firstRows(data).catch(failed) : undefined;
  const statistics = data ? await splitStatistics(data.train, data.shape).catch(failed) : undefined;
  const parts = Object.entries(found?.parts ?? {});
  const classes = Array.from({ length: parts[0]?.[1].perClass?.length ?? 0 }, (_, label) => ({
    name: found?.classNames?.[label] ?? `class ${label}`,
    counts: parts.map(([, { perClass }]) => perClass?.[label] ?? 0),
  }));
  const list = (x: readonly number[]) => x.slice(0, 8).map(number).join(", ");
  const facts: DataPage["facts"] = [
    ["kind", kind],
    ...(found
      ? ([
          ["sample", `[${found.shape}], numbers from ${number(found.range[0])} to ${number(found.range[1])}`],
          ["classes", found.classes === null ? "none: the targets are numbers" : String(found.classes)],
          ...parts.map(([part, of]) => [part, `${of.count} samples`] as const),
          ...(found.looked ? [["looked at", `${found.looked} samples of a part, evenly spread`] as const] : []),
        ] as const)
      : []),
    ...(statistics ? [["measured", `mean ${list(statistics.mean)}; std ${list(statistics.std)}`] as const] : []),
  ];
  return dataPageHtml({
    title: name,
    lead: errors.length > 0 ? "This data cannot be used as it is." : "What is in the data, before it is trained on.",
    facts,
    parts: parts.map(([part]) => part),
    classes,
    notes: notes.map(text),
    warnings: warnings.map(text),
    errors,
    ...(sheet && { sheet }),
    ...(rows && { rows }),
  });
}

const number = (x: number): string => String(Number(x.toPrecision(4)));

/** What a number was before it was standardized: float32 has seven digits. */
function asRead(fed: number, mean: number, std: number): number {
  const value = fed * std + mean;
  return Math.abs(value) < 1e-6 * std ? 0 : value;
}

/** The first training samples, their numbers as the file has them, and what they are labelled. */
async function firstRows(data: Dataset): Promise<Table> {
  const { train, classes, classNames, encoding } = data;
  const n = Math.min(ROWS, train.count);
  const { x, y } = await samplesAt(train, undefined, 0, n);
  const [width, each] = [x.length / n, y.length / n];
  const columns: { readonly name: string; text(row: number): string }[] = [];
  let at = 0;
  for (const column of encoding?.columns ?? []) {
    const from = at;
    if ("categories" in column) {
      const { categories } = column;
      columns.push({
        name: column.name,
        text: (row) => categories.find((_, k) => x[row * width + from + k] === 1) ?? "",
      });
      at += categories.length;
    } else {
      const { mean = 0, std = 1 } = column;
      columns.push({ name: column.name, text: (row) => number(asRead(x[row * width + from], mean, std)) });
      at++;
    }
  }
  for (; at < Math.min(width, NUMBERS); at++) {
    const place = at;
    columns.push({ name: placeName(data, place), text: (row) => number(x[row * width + place]) });
  }
  const label = (row: number): string =>
    Array.from(y.subarray(row * each, (row + 1) * each).slice(0, NUMBERS), (v) =>
      classes === null ? number(v) : (classNames?.[v] ?? String(v)),
    ).join(" ");
  const shown = columns.slice(0, NUMBERS);
  return {
    head: [...shown.map(({ name }) => name), ...(width > at ? ["…"] : []), ...(each > 0 ? ["label"] : [])],
    rows: Array.from({ length: n }, (_, row) => [
      ...shown.map(({ text }) => text(row)),
      ...(width > at ? ["…"] : []),
      ...(each > 0 ? [label(row)] : []),
    ]),
    text: [shown.length, shown.length + 1],
  };
}
