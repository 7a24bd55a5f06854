/** The one table by which a name or a path finds its reader. A kind of data is one line here. */
import { digits } from "../data/digits.ts";
import { facts, isKnown } from "../data/registry.ts";
import { EspalierError, UsageError } from "../error.ts";
import { listedOptions, option, say } from "../message.ts";
import { openModule } from "./data-module.ts";
import { joinPath, listFolder, sizeOfFile } from "./files.ts";
import { openImageFolder } from "./images/open.ts";
import { looksLikeImages } from "./images/parts.ts";
import { type DataPlace, locate, readImages } from "./locate.ts";
import { npyFiles, npyFolderFiles, openNpy, openNpyFolder } from "./npy-files.ts";
import { openNpz } from "./npz.ts";
import type { AtPath, DataReader, OpenOptions, ReaderOption } from "./reader.ts";
import { isTable, isTableFolder, openTables, tableFiles } from "./table/table-files.ts";

const ARRAYS = ["inputColumns", "labelColumns", "labelKind", "classes", "testSplit"] as const;
const IMAGES = ["images", "preprocessing", "preset", "resize", "crop", "skipBroken"] as const;
const TABLES = [...ARRAYS, ...IMAGES, "skipColumns", "categorical", "standardize", "missing", "text"] as const;
const ends = (ending: RegExp) => (path: string) => ending.test(path);

/** In order: the first that recognises a path reads it. */
const READERS: readonly DataReader[] = [
  {
    kind: "the drawn data set digits",
    wanted: "digits",
    of: "name",
    takes: ["root", "digits"],
    recognises: (path) => path === "digits",
    open: async (_, options) => digits(options.digits),
    files: async () => [],
  },
  {
    kind: "a data set with a name",
    wanted: "mnist, fashion-mnist, cifar10, cifar100",
    of: "name",
    takes: ["root"],
    recognises: isKnown,
    open: async (path, { root }) => readImages(await locate(path, root)),
    files: async (path, { root }) => (await locate(path, root)).files,
  },
  {
    kind: "an .npz file",
    wanted: ".npz",
    of: "file",
    takes: ARRAYS,
    recognises: ends(/\.npz$/i),
    open: openNpz,
  },
  {
    kind: "an .npy file",
    wanted: ".npy",
    of: "file",
    takes: ARRAYS,
    recognises: ends(/\.npy$/i),
    open: openNpy,
    files: async (path, options) => sized(await npyFiles(path, options)),
  },
  {
    kind: "a CSV or TSV file",
    wanted: ".csv, .tsv, .csv.gz, .tsv.gz",
    of: "file",
    takes: [...TABLES, "delimiter", "header"],
    recognises: ends(/\.(csv|tsv)(\.gz)?$/i),
    open: openTables,
  },
  {
    kind: "a table in a file",
    wanted: ".parquet, .jsonl, .ndjson",
    of: "file",
    takes: TABLES,
    recognises: isTable,
    open: openTables,
  },
  {
    kind: "a folder of tables",
    wanted: "train and test as .csv, .tsv, .jsonl or .parquet, also in data/ (data/train-00000-of-00001.parquet)",
    of: "folder",
    takes: [...TABLES, "delimiter", "header"],
    recognises: (_, { names }) => isTableFolder(names),
    open: openTables,
    files: async (path) => sized(await tableFiles(path)),
  },
  {
    kind: "a module",
    wanted: ".js, .mjs, .cjs, .ts, .mts, .cts",
    of: "file",
    takes: [],
    recognises: ends(/\.[cm]?[jt]s$/i),
    open: openModule,
  },
  {
    kind: "a folder of IDX or CIFAR files",
    wanted: "the four IDX files of MNIST, data_batch_*.bin and test_batch.bin, or train.bin and test.bin; or NAME.gz",
    of: "folder",
    takes: [],
    recognises: (_, { names }) => names.some((name) => /^(t10k-|train-(images|labels)-idx)|\.bin(\.gz)?$/.test(name)),
    open: async (path) => readImages(await locate(path)),
    files: async (path) => (await locate(path)).files,
  },
  {
    kind: "a folder of .npy files",
    wanted: "x.npy and y.npy, or x_train.npy, y_train.npy, x_test.npy, y_test.npy",
    of: "folder",
    takes: ARRAYS,
    recognises: (_, { names }) => names.some((name) => /\.npy$/i.test(name)),
    open: openNpyFolder,
    files: async (path) => sized(await npyFolderFiles(path)),
  },
  {
    kind: "a folder of images",
    wanted: "train/CLASS/*.jpg with val or test beside it, or CLASS/*.jpg (jpg, png, webp, gif, tif, avif)",
    of: "folder",
    takes: ["preprocessing", "preset", "resize", "crop", "skipBroken", "cacheImages", "testSplit", "classes"],
    recognises: (_, { names }) => looksLikeImages(names),
    open: openImageFolder,
    files: async (path) => sized([path]),
  },
];

const sized = (paths: readonly string[]): Promise<DataPlace["files"]> =>
  Promise.all(paths.map(async (path) => ({ path, bytes: (await sizeOfFile(path)) ?? 0 })));

/**
 * The reader of a name or path, which takes the options that are given.
 * @param common options that are passed over where a reader does not take them, as they are said of other data sets too
 * @throws UsageError for a name that is none, and for an option that the reader does not take; EspalierError for a path where nothing is, or nothing that can be read
 */
export async function readerOf(
  path: string,
  options: OpenOptions,
  common: readonly ReaderOption[] = ["root", "encoding", "expects", "text", "images"],
): Promise<DataReader> {
  const found = await look(path);
  const reader = READERS.find((r) => r.recognises(path, found));
  if (!reader) throw unreadable(path, found);
  const given = Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [key as ReaderOption]));
  const foreign = given.find((key) => !reader.takes.includes(key) && !common.includes(key));
  if (foreign !== undefined)
    throw new UsageError(
      "conflict",
      say`${reader.kind} takes no ${option(foreign)}`,
      { data: path, "it takes": reader.takes.length > 0 ? listedOptions(reader.takes) : "no options" },
      "leave it out",
    );
  return reader;
}

async function look(path: string): Promise<AtPath> {
  if ((await sizeOfFile(path)) !== null) return { is: "file", names: [] };
  const names = await listFolder(path);
  const within = names?.includes("data") ? ((await listFolder(joinPath(path, "data"))) ?? []) : [];
  return names
    ? { is: "folder", names: [...names, ...within.map((name) => `data/${name}`)] }
    : { is: "nothing", names: [] };
}

const wanted = (...kinds: readonly DataReader["of"][]): string =>
  READERS.filter((r) => kinds.includes(r.of))
    .map((r) => r.wanted)
    .join("; ");

function unreadable(path: string, { is, names }: AtPath): EspalierError {
  if (is === "folder")
    return new EspalierError("missing", "the folder holds no data set that Espalier reads", {
      folder: path,
      got: names.slice(0, 8).join(", ") || "nothing",
      wanted: wanted("folder"),
    });
  if (is === "file")
    return new EspalierError(
      "unsupported",
      "no reader knows this kind of file",
      { file: path, wanted: wanted("file") },
      "name it by what it holds, or give a module that reads it",
    );
  if (!/[/\\]/.test(path)) facts(path); // throws: no such name
  return new EspalierError("missing", "there is no such folder of data", { folder: path }, "check the path");
}
