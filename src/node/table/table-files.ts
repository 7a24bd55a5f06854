/** Tables in files: one, or a folder with files for each part, as train.csv and test.csv or data/train-00000-of-00001.parquet. */
import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import { TableBuilder } from "../../data/table/table-builder.ts";
import { datasetOfTable } from "../../data/table/table-dataset.ts";
import { EspalierError } from "../../error.ts";
import { inFile } from "../array-files.ts";
import { listFolder } from "../files.ts";
import type { OpenOptions } from "../reader.ts";
import { readJsonLines } from "./json-lines.ts";
import { datasetOfImages, imageColumnOf } from "./table-images.ts";

interface Format {
  readonly ending: RegExp;
  readonly unit: "line" | "row";
  read(path: string, table: TableBuilder, options: OpenOptions): Promise<void>;
}

/** What reads with a library is loaded with the first such file. */
const FORMATS: readonly Format[] = [
  {
    ending: /\.(csv|tsv)(\.gz)?$/i,
    unit: "line",
    read: async (...given) => (await import("./csv.ts")).readCsv(...given),
  },
  { ending: /\.(jsonl|ndjson)(\.gz)?$/i, unit: "line", read: readJsonLines },
  {
    ending: /\.parquet$/i,
    unit: "row",
    read: async (path, table) => (await import("./parquet.ts")).readParquet(path, table),
  },
];

/** Whether a name is that of a table. */
export const isTable = (name: string): boolean => FORMATS.some(({ ending }) => ending.test(name));

const PARTS = { train: "train", test: "test", validation: "val", valid: "val", val: "val", dev: "val" } as const;
type PartName = (typeof PARTS)[keyof typeof PARTS];

/** The part that a file of a folder is of: train.csv, test-00000-of-00002.parquet, data/validation_1.jsonl. */
function partOf(name: string): PartName | undefined {
  const [, part] = /^(?:data\/)?(train|test|validation|valid|val|dev)(?:[-_.][^/]*)?$/i.exec(name) ?? [];
  return isTable(name) && part ? PARTS[part.toLowerCase() as keyof typeof PARTS] : undefined;
}

/** Whether a folder with these names holds tables by part. */
export const isTableFolder = (names: readonly string[]): boolean => names.some((name) => partOf(name) === "train");

/** The files of a folder, or the file itself. */
export async function tableFiles(path: string): Promise<readonly string[]> {
  return (await partsIn(path)).flatMap(([, files]) => files);
}

async function partsIn(path: string): Promise<(readonly [PartName, readonly string[]])[]> {
  const names = await listFolder(path);
  if (names === null) return [["train", [path]]];
  const within = ((await listFolder(join(path, "data"))) ?? []).map((name) => `data/${name}`);
  const all = [...names, ...within].sort();
  const parts = (["train", "test", "val"] as const).map(
    (part) => [part, all.filter((name) => partOf(name) === part)] as const,
  );
  for (const [, files] of parts) checkNoneTwice(path, files);
  return parts.flatMap(([part, files]) =>
    files.length > 0 ? [[part, files.map((name) => join(path, name))] as const] : [],
  );
}

/** Files of a part that differ in their ending alone hold the same rows, as a table and its packed copy do. */
function checkNoneTwice(folder: string, files: readonly string[]): void {
  const stem = (name: string) =>
    FORMATS.reduce((of, { ending }) => of.replace(ending, ""), name.replace(/^data\//, ""));
  const stems = files.map(stem);
  const at = stems.findIndex((of, i) => stems.indexOf(of) < i);
  if (at >= 0)
    throw new EspalierError(
      "conflict",
      "two files seem to hold the same rows",
      { folder, got: `${files[stems.indexOf(stems[at])]} and ${files[at]}` },
      "remove or rename one, or name a file instead of the folder",
    );
}

/**
 * A data set of a table or of tables by part.
 * @throws EspalierError naming file, row and column of what is wrong; UsageError for columns that are not there or not said
 */
export async function openTables(path: string, options: OpenOptions): Promise<Dataset> {
  const { encoding } = options;
  // A model that was trained on columns wants these and no others.
  const wanted = encoding?.columns && {
    inputColumns: encoding.columns.map(({ name }) => name),
    ...(encoding.labels && { labelColumns: encoding.labels }),
    // Those of numbers too: 007 is another category than 7.
    categorical: encoding.columns.flatMap((c) => ("categories" in c ? [c.name] : [])),
  };
  const asked = { ...wanted, ...options };
  const read = await Promise.all(
    (await partsIn(path)).map(async ([part, files]) => {
      const format = formatOf(files);
      const table = new TableBuilder(asked, format.unit);
      for (const file of files) await format.read(file, table, options);
      return [part, table.done()] as const;
    }),
  );
  const { train, ...held } = Object.fromEntries(read);
  const tables = { train, ...held };
  const images = imageColumnOf(train);
  if (images !== undefined) return datasetOfImages(tables, images, path, asked);
  return inFile(path, () => datasetOfTable(tables, path, asked));
}

function formatOf(files: readonly string[]): Format {
  const format = FORMATS.find(({ ending }) => ending.test(files[0]))!;
  const other = files.find((file) => !format.ending.test(file));
  if (other !== undefined)
    throw new EspalierError(
      "conflict",
      "a part of the data is in files of different kinds",
      { folder: files[0], got: other },
      "keep one kind, or name a file instead of the folder",
    );
  return format;
}
