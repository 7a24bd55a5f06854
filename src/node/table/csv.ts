/** Tables as text: CSV and TSV, quoted or not, with or without a header (RFC 4180 and what spreadsheets write). */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { CsvError, parse } from "csv-parse";
import { numberInCell } from "../../data/table/cells.ts";
import type { TableBuilder } from "../../data/table/table-builder.ts";
import { EspalierError, UsageError } from "../../error.ts";
import { sizeOfFile } from "../files.ts";
import { codeOf, refused } from "../system-error.ts";
import { checkedText } from "./utf8.ts";

export interface CsvOptions {
  /** Default: of .tsv a tab, else the one of , ; tab | that the first line has most of. */
  readonly delimiter?: string;
  /** Whether the first row is names. Default: if none of its values is a number. */
  readonly header?: boolean;
}

const DELIMITERS = [",", ";", "\t", "|"];
/** Characters that a row may have. */
const LONGEST_ROW = 16 * 2 ** 20;

/**
 * Reads a file into a table, as a stream.
 * @throws EspalierError naming file and line of what cannot be read
 */
export async function readCsv(path: string, table: TableBuilder, { delimiter, header }: CsvOptions): Promise<void> {
  if ((await sizeOfFile(path)) === null) throw new EspalierError("system", "there is no such file", { file: path });
  const by = delimiter ?? (await delimiterOf(path));
  if (by.length !== 1 || by === '"' || by === "\n" || by === "\r")
    throw new UsageError("out-of-range", "the delimiter is not one character", {
      got: JSON.stringify(by),
      wanted: "one character, such as ; or a tab",
    });
  const source = createReadStream(path);
  const unpacked = /\.gz$/i.test(path) ? source.pipe(createGunzip()) : undefined;
  const parser = parse({
    bom: true,
    delimiter: by,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
  });
  const checked = checkedText(path);
  for (const stream of [source, unpacked, checked]) stream?.on("error", (error: Error) => parser.destroy(error));
  (unpacked ?? source).pipe(checked).pipe(parser);
  try {
    await rows(parser, path, table, { delimiter: by, header });
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    throw unreadable(error, path);
  } finally {
    source.destroy();
    parser.destroy();
  }
}

interface CsvRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

async function rows(
  parser: AsyncIterable<CsvRow>,
  path: string,
  table: TableBuilder,
  { delimiter, header }: CsvOptions,
): Promise<void> {
  let begun = false;
  let line = 1;
  for await (const { record, info } of parser) {
    const breaks = record.reduce((sum, value) => sum + (value.match(/\r\n|\r|\n/g)?.length ?? 0), 0);
    line = info.lines - breaks;
    if (begun) {
      table.add(record, line);
      continue;
    }
    const names = header ?? !record.some((value) => numberInCell(value) !== undefined);
    const notes = [
      ...(delimiter === "," || delimiter === "\t" ? [] : [`values are separated by ${JSON.stringify(delimiter)}`]),
      ...(names ? [] : [`the first row is no header; columns are called c1 … c${record.length}`]),
    ];
    table.file(
      path,
      names ? record.map((value, i) => value.trim() || `c${i + 1}`) : record.map((_, i) => `c${i + 1}`),
      { notes },
    );
    if (!names) table.add(record, line);
    begun = true;
  }
  if (!begun) throw new EspalierError("missing", "the table has no rows", { file: path, got: "an empty file" });
}

/** The delimiter that the first line has most of, outside quotes. */
async function delimiterOf(path: string): Promise<string> {
  if (/\.tsv(\.gz)?$/i.test(path)) return "\t";
  const source = createReadStream(path);
  const bytes: AsyncIterable<Buffer> = /\.gz$/i.test(path) ? source.pipe(createGunzip()) : source;
  let head = "";
  try {
    for await (const chunk of bytes) {
      head += chunk.toString("utf8");
      if (/[\r\n]/.test(head) || head.length > 65536) break;
    }
  } catch (error) {
    throw unreadable(error, path);
  } finally {
    source.destroy();
  }
  const line = head.replace(/"[^"]*"/g, "").split(/[\r\n]/)[0];
  const counts = DELIMITERS.map((d) => line.split(d).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

function unreadable(error: unknown, path: string): EspalierError {
  if (error instanceof CsvError) {
    const { lines } = error as { lines?: number };
    const fix =
      error.code === "CSV_MAX_RECORD_SIZE"
        ? "a quote that is never closed, perhaps"
        : 'double the quotes within a value: "a ""quoted"" word"';
    return new EspalierError(
      "invalid-file",
      "the table cannot be read",
      { file: path, line: lines, reason: error.message.split("\n")[0] },
      fix,
    );
  }
  if (codeOf(error).startsWith("Z_"))
    return new EspalierError(
      "invalid-file",
      "the gzip file is damaged or cut short",
      { file: path, reason: (error as Error).message },
      "get the file again",
    );
  return refused("read the file", { file: path }, error, "read");
}
