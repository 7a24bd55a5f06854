/** Tables as Apache Parquet, also Hugging Face's data sets as they lie on disk. */
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { TableBuilder } from "../../data/table/table-builder.ts";
import { EspalierError } from "../../error.ts";
import { sizeOfFile } from "../files.ts";
import { codeOf, refused } from "../system-error.ts";
import { field, jsonOf, namesBeside, namesInFeatures } from "./class-names.ts";
import { checkPages } from "./parquet-pages.ts";

/** What one group of rows may unpack to: it is read at once. */
const LARGEST_GROUP = 2 ** 30;

/**
 * Reads a file into a table, one group of rows after another. Names of classes are those of the `huggingface` record in the file, or of a
 * dataset_info.json or of the head of a README.md, beside it or above.
 * @throws EspalierError naming the file for what is no Parquet or is damaged, and file, row and column of a value of another kind
 */
export async function readParquet(path: string, table: TableBuilder): Promise<void> {
  if ((await sizeOfFile(path)) === null) throw new EspalierError("system", "there is no such file", { file: path });
  const file = await asyncBufferFromFile(path);
  const metadata = await understood(path, () => parquetMetadataAsync(file));
  const names = await understood(path, () => (metadata.schema[0]?.num_children ? topColumns(metadata) : []));
  if (names.length === 0) throw new EspalierError("invalid-file", "the Parquet file has no columns", { file: path });
  const classNames = namesInFeatures(recorded(metadata)) ?? (await namesBeside(path));
  table.file(path, names, { ...(classNames && { classNames }) });
  const columns = table.columnsRead();
  let from = 0;
  for (const group of metadata.row_groups) {
    const to = from + Number(group.num_rows);
    const size = group.columns.reduce(
      (sum, c) =>
        sum +
        (columns.includes(c.meta_data?.path_in_schema[0] ?? "")
          ? Number(c.meta_data?.total_uncompressed_size ?? 0)
          : 0),
      0,
    );
    if (!(size <= LARGEST_GROUP) || !(to - from <= LARGEST_GROUP))
      throw new EspalierError(
        "too-large",
        "a group of rows is too large to be read at once",
        { file: path, got: `${size} bytes in ${to - from} rows`, wanted: `at most ${LARGEST_GROUP}` },
        "write the file with smaller row groups",
      );
    const start = from;
    for (const { meta_data: column } of group.columns)
      if (column && columns.includes(column.path_in_schema[0] ?? ""))
        await understood(path, () => checkPages(file, column));
    const rows = await understood(path, () =>
      parquetReadObjects({ file, metadata, rowStart: start, rowEnd: to, columns, compressors, utf8: false }),
    );
    if (rows.length !== to - from)
      throw new EspalierError("invalid-file", "the Parquet file is damaged", {
        file: path,
        got: `${rows.length} rows in a group`,
        wanted: to - from,
      });
    for (const [i, row] of rows.entries())
      table.add(
        names.map((name) => row[name] ?? null),
        from + i + 1,
      );
    from = to;
  }
  if (from === 0) throw new EspalierError("missing", "the table has no rows", { file: path, got: "no rows" });
}

/**
 * The columns of the first level: the schema is a list in which each element is followed by its children.
 * @throws Error where the record of a column, damaged, has lost its name
 */
function topColumns({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let i = 0; i < (schema[at]?.num_children ?? 0) && next < schema.length; i++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) {
    const name: unknown = schema[at].name; // the reader of the metadata leaves out what is not there
    if (typeof name !== "string") throw new Error(`column ${names.length + 1} has no name`);
    names.push(name);
  }
  return names;
}

async function understood<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    if (codeOf(error)) throw refused("read the file", { file: path }, error, "read");
    throw new EspalierError(
      "invalid-file",
      "the file is no Parquet, damaged or of a kind that cannot be read",
      { file: path, reason: (error as Error).message },
      "get the file again, or write it with pyarrow or pandas",
    );
  }
}

const recorded = ({ key_value_metadata: pairs = [] }: FileMetaData): unknown =>
  field(field(jsonOf(pairs.find(({ key }) => key === "huggingface")?.value), "info"), "features");
