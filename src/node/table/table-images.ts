/** A table with a column of images as a data set. */
import { createHash } from "node:crypto";
import { type Dataset, drawnNote } from "../../data/dataset.ts";
import { labelsAreIndices } from "../../data/encoding.ts";
import { imageScale, outputSize } from "../../data/preprocessing.ts";
import { sourceSplit } from "../../data/source.ts";
import type { SampleSource, Split } from "../../data/split.ts";
import { columnOf, rolesOf } from "../../data/table/roles.ts";
import { fewNames, type TableColumn, type TableRows } from "../../data/table/rows.ts";
import { type PartName, partsOfTable, type TableOptions, type Tables } from "../../data/table/table-dataset.ts";
import { tableLabels } from "../../data/table/table-labels.ts";
import { EspalierError, UsageError } from "../../error.ts";
import { option, say, type Words } from "../../message.ts";
import { leftNote, whyLeftOut } from "../images/broken.ts";
import { type Header, readHeader, type SampleMaking } from "../images/decode.ts";
import { aFewAtATime } from "../images/few.ts";
import { type ImageOptions, lookNotes, makingOf } from "../images/making.ts";
import { batchesAhead } from "../worker.ts";
import imageColumn, { type ImageColumn } from "./image-column.ts";

/** The column of images of a table, by what it holds; undefined where there is none. */
export const imageColumnOf = ({ columns }: TableRows): string | undefined =>
  columns.find(({ kind }) => kind === "bytes")?.name;

const LOOKED = 64;

/**
 * @param name of the column of images; where nothing else is said it is the only input
 * @throws EspalierError naming file and row of what is no image; UsageError for options that do not fit
 */
export async function datasetOfImages(
  tables: Tables,
  name: string,
  path: string,
  options: TableOptions & ImageOptions,
): Promise<Dataset> {
  const roles = rolesOf(tables.train, { inputColumns: [name], ...options });
  if (roles.inputs.length > 1)
    throw new UsageError(
      "unsupported",
      "images and other columns are not inputs together",
      { file: path, got: fewNames(roles.inputs) },
      say`name the column of images alone: ${option("inputColumns")} ${name}`,
    );
  const { testSplit, missing = "refuse" } = options;
  const given = partsOfTable(tables, roles, { missing, testSplit });
  const headers = await headersOf(columnOf(tables.train, name), tables.train);
  const making = makingOf(path, options, headers);
  const sources = new Map<TableRows, ReturnType<typeof imageColumn>>();
  const sourceOf = (table: TableRows) => {
    const made = sources.get(table) ?? imageColumn(packed(table, name, making));
    sources.set(table, made);
    return made;
  };
  const { parts, left } = options.skipBroken ? await withoutBroken(given, sourceOf) : { parts: given, left: [] };
  const labels = tableLabels(parts, roles.labels, {
    kind: options.labelKind ?? options.expects,
    classes: options.classes ?? options.encoding?.classes,
    asIndices: labelsAreIndices(options.encoding),
  });
  const split = (part: PartName): Split => {
    const { table, rows } = parts[part];
    const y = (labels.parts[part] as { readonly data: Split["y"] }).data;
    return { ...sourceSplit(sourceOf(table), { y, count: rows.length }), rows };
  };
  const [height, width] = outputSize(making.preprocessing);
  const drawn = tables.test ? [] : [drawnNote(parts.train.rows.length, parts.test.rows.length, "rows")];
  const notes: Words[] = [
    ...labels.notes,
    ...drawn,
    ...making.notes,
    ...lookNotes(headers),
    ...(left.length > 0 ? [leftNote(left)] : []),
  ];
  return {
    name: path,
    shape: [making.channels, height, width],
    classes: labels.classes,
    ...(labels.values && { classNames: labels.values }),
    train: split("train"),
    test: split("test"),
    ...(parts.val && { val: split("val") }),
    ...imageScale(making.preprocessing, making.channels),
    preprocessing: making.preprocessing,
    encoding: { labels: roles.labels, ...(labels.values && { classes: labels.values }) },
    batches: batchesAhead,
    notes,
  };
}

type Parts = ReturnType<typeof partsOfTable>;

/** The parts without the rows whose image cannot be decoded, and which these are. */
async function withoutBroken(parts: Parts, sourceOf: (table: TableRows) => SampleSource) {
  const left: string[] = [];
  const kept = Object.entries(parts).map(async ([part, given]) => {
    const { table, rows } = given;
    const reasons = new Array<string | undefined>(rows.length);
    await aFewAtATime(rows.length, async (i) => {
      reasons[i] = await sourceOf(table)
        .read(rows.subarray(i, i + 1))
        .then(() => undefined, whyLeftOut);
    });
    const whole = rows.filter((_, i) => reasons[i] === undefined);
    const places = Array.from(rows, (row) => Object.values(table.place(row)).join(", row "));
    left.push(...reasons.flatMap((reason, i) => (reason === undefined ? [] : [`${places[i]} (${reason})`])));
    if (whole.length === 0)
      throw new EspalierError("missing", "no image can be read", { file: table.place(0)["file"], part });
    return [part, { ...given, rows: whole }] as const;
  });
  return { parts: Object.fromEntries(await Promise.all(kept)) as Parts, left };
}

function bytesAt(column: TableColumn, row: number, table: TableRows): Uint8Array {
  const found = column.kind === "bytes" ? column.bytes[row] : null;
  if (found) return found;
  throw new EspalierError(
    "missing",
    "an image is missing",
    { ...table.place(row), column: column.name },
    say`leave such rows out: ${option("missing")} drop`,
  );
}

/** Of some images, evenly spread; those that are broken reading them will name. */
async function headersOf(column: TableColumn, table: TableRows): Promise<Header[]> {
  const n = Math.min(table.count, LOOKED);
  const headers: Header[] = [];
  for (let i = 0; i < n; i++) {
    const header = await readHeader(bytesAt(column, Math.floor((i * table.count) / n), table)).catch((error) => {
      if (error instanceof EspalierError && error.code === "missing") throw error;
      return undefined;
    });
    if (header) headers.push(header);
  }
  return headers;
}

/** All images of a table in memory that threads share. */
function packed(table: TableRows, name: string, { preprocessing, channels }: SampleMaking): ImageColumn {
  const column = columnOf(table, name);
  const all = Array.from(
    { length: table.count },
    (_, row) => (column.kind === "bytes" ? column.bytes[row] : null) ?? new Uint8Array(0),
  );
  const starts = new Float64Array(table.count + 1);
  for (const [row, { length }] of all.entries()) starts[row + 1] = starts[row] + length;
  const bytes = new Uint8Array(new SharedArrayBuffer(starts[table.count]));
  for (const [row, file] of all.entries()) bytes.set(file, starts[row]);
  const files: { file: string; from: number }[] = [];
  for (let row = 0; row < table.count; row++) {
    const file = String(table.place(row)["file"]);
    if (files.at(-1)?.file !== file) files.push({ file, from: row });
  }
  const identity = createHash("sha256")
    .update(bytes)
    .update(JSON.stringify([preprocessing, channels]))
    .digest("hex");
  return { bytes, starts, files, identity, preprocessing, channels };
}
