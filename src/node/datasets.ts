/** The data sets by name or folder (Node only): opening them, what is here, their figures, getting them. */

import { classNotes } from "../data/check.ts";
import { columnsNote } from "../data/columns.ts";
import { type Dataset, fromArrays } from "../data/dataset.ts";
import { facts, NAMES, source } from "../data/registry.ts";
import { classCounts, splitStatistics } from "../data/statistics.ts";
import { anObject, aText, maybe, wants } from "../given.ts";
import type { Words } from "../message.ts";
import { dataHere } from "./bucket-data.ts";
import { checkData, type DataCheck } from "./data-check.ts";
import { type DataPageOptions, dataPage } from "./data-page.ts";
import { type DownloadOptions, fetchInto } from "./download.ts";
import { dataRoot, joinPath, sizeOfFile } from "./files.ts";
import { type DataPlace, locate } from "./locate.ts";
import type { OpenOptions } from "./reader.ts";
import { checkOptions } from "./reader.ts";
import { readerOf } from "./readers.ts";
import { batchesAhead, shareSplit } from "./worker.ts";

interface RootOption {
  /** Folder with the data. Default: $ESPALIER_DATA, else the user's cache folder. */
  readonly root?: string;
}

/** A named data set and whether it is here. */
export interface Listing extends DataPlace {
  readonly name: string;
  readonly shape: readonly number[];
  readonly classes: number;
  /** Whether it can be opened now. */
  readonly here: boolean;
}

interface SplitInfo {
  readonly count: number;
  /** Samples of each class; null if the targets are no classes. */
  readonly perClass: readonly number[] | null;
}

/** Figures of a data set. */
export interface Info {
  readonly name: string;
  readonly shape: readonly number[];
  readonly classes: number | null;
  readonly classNames: readonly string[] | undefined;
  readonly train: SplitInfo;
  readonly test: SplitInfo;
  /** What training normalizes with. */
  readonly mean: readonly number[] | undefined;
  readonly std: readonly number[] | undefined;
  /** Of the training samples that are here: of all that are in memory, of 256 of those that are read from files; `of` says how many. */
  readonly measured: { readonly mean: readonly number[]; readonly std: readonly number[]; readonly of?: number };
  readonly files: DataPlace["files"];
  /** What of its classes somebody should know who did not mean it. */
  readonly notes: readonly Words[];
}

/**
 * Opens a data set.
 * @param name one of `mnist`, `fashion-mnist`, `cifar10`, `cifar100`, `digits`, or a path: of a folder with IDX or CIFAR files, an .npz
 *   file, or a module (.js, .mjs, .ts) that exports a data set; or `s3://BUCKET/KEY` for such a file or folder in a bucket, which is
 *   copied to the user's cache folder (see `storeAt` for how the client finds it). The files of a name are looked for in ROOT/NAME and in ROOT, each packed
 *   (.gz) or not; CIFAR files may hold any number of records. `digits` is drawn (`options.digits`) and reads nothing.
 * @param options what the readers take; one that the reader found does not take is refused
 * @throws UsageError for an unknown name or option; EspalierError naming what was looked for and where, or file, byte and field
 */
async function open(name: string, options: OpenOptions = {}): Promise<Dataset> {
  wants("datasets.open", ["name", aText, name]);
  checkOptions("datasets.open", options);
  const path = await dataHere(name, options.root);
  const dataset = await (await readerOf(path, options)).open(path, options);
  return { ...dataset, train: shareSplit(dataset.train), batches: dataset.batches ?? batchesAhead };
}

/** The files that a data set is in. */
async function filesOf(name: string, options: OpenOptions): Promise<DataPlace["files"]> {
  const path = await dataHere(name, options.root);
  const reader = await readerOf(path, options);
  return reader.files ? reader.files(path, options) : [{ path, bytes: (await sizeOfFile(path)) ?? 0 }];
}

/** Every named data set, and which of its files are here. */
async function list(options: RootOption = {}): Promise<Listing[]> {
  wants("datasets.list", ["options", anObject, options], ["root", maybe(aText), options, "root"]);
  const { root } = options;
  return Promise.all(
    NAMES.map(async (name) => {
      const { shape, classes } = facts(name);
      const place = source(name) ? await locate(name, root, { mayLack: true }) : { files: [], missing: [] };
      return { name, shape, classes, here: place.missing.length === 0, files: place.files, missing: place.missing };
    }),
  );
}

/** Counts, shape and statistics of a data set that is here. */
async function info(name: string, options: OpenOptions = {}): Promise<Info> {
  const dataset = await open(name, options);
  const { shape, classes, classNames, mean, std } = dataset;
  const count = ({ count, y }: Dataset["train"]): SplitInfo => ({
    count,
    perClass: classes !== null && y instanceof Int32Array ? classCounts(y, classes) : null,
  });
  return {
    name: dataset.name,
    shape,
    classes,
    classNames,
    train: count(dataset.train),
    test: count(dataset.test),
    mean,
    std,
    measured: await splitStatistics(dataset.train, shape),
    files: await filesOf(name, options),
    notes: [
      ...(dataset.input === undefined ? [] : [columnsNote(dataset)]),
      ...(dataset.notes ?? []),
      ...classNotes(dataset),
    ],
  };
}

/**
 * Looks at data before it is trained on: what was found and guessed, the balance of classes, samples that occur twice or in training and
 * test, columns that never change, numbers out of range. What makes it unusable is among the errors, not thrown.
 * @throws UsageError for an unknown name, and for options that the data does not take
 */
const check = async (name: string, options: OpenOptions = {}): Promise<DataCheck> =>
  (await checked("datasets.check", name, options)).checked;

async function checked(who: string, name: string, options: OpenOptions) {
  wants(who, ["name", aText, name]);
  checkOptions(who, options);
  const reader = await readerOf(await dataHere(name, options.root), options);
  const mayBeBroken = options.skipBroken === undefined && reader.takes.includes("skipBroken");
  const without = mayBeBroken ? () => open(name, { ...options, skipBroken: true }) : undefined;
  return checkData(name, reader.kind, () => open(name, options), without);
}

/**
 * `datasets.check` as a page: what was found, the balance of classes, what looks wrong, and samples of the data: images as `train` would
 * feed them with the same augmentation, seed and epoch, else the first rows with their labels. One HTML file that loads nothing.
 * @returns the document, and what was found
 * @throws UsageError as `check`, and for augmentation that does not fit the data
 */
async function page(
  name: string,
  options: OpenOptions = {},
  shown: DataPageOptions = {},
): Promise<{ readonly html: string; readonly check: DataCheck }> {
  wants("datasets.page", ["shown", anObject, shown]);
  const { checked: check, data } = await checked("datasets.page", name, options);
  return { html: await dataPage(check, data, shown), check };
}

/**
 * Downloads what is missing of a data set from its publisher, checks it against pinned SHA-256 sums and puts it into
 * ROOT/NAME. Started again, it goes on where it stopped.
 * @returns the folder, and how many downloads were needed (0 = everything was there and right)
 * @throws EspalierError when no address answers or the bytes are wrong; the signal's reason when it is aborted
 */
async function get(
  name: string,
  options: RootOption & DownloadOptions = {},
): Promise<{ readonly folder: string; readonly downloaded: number }> {
  wants("datasets.get", ["name", aText, name], ["options", anObject, options], ["root", maybe(aText), options, "root"]);
  facts(name); // throws: no such name
  const folder = joinPath(dataRoot(options.root), name);
  let downloaded = 0;
  for (const wanted of source(name)?.downloads ?? []) if (await fetchInto(folder, wanted, options)) downloaded++;
  return { folder, downloaded };
}

/** A data set of arrays in memory (see `fromArrays`), whose batches are prepared ahead in a worker. */
const from = (...args: Parameters<typeof fromArrays>): Dataset => ({ ...fromArrays(...args), batches: batchesAhead });

/** Data sets by name, by folder or of arrays. */
export const datasets = { open, list, info, check, page, get, from };
