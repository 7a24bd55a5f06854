/** Finds the files of a data set under the root (or in a folder of its own) and reads them (Node only). */

import { checkRecords, readCifar } from "../data/cifar.ts";
import type { Dataset } from "../data/dataset.ts";
import { idxHeader, type NamedBytes, readIdxSplit } from "../data/idx.ts";
import { type Facts, facts, isKnown, type PublishedSource, source } from "../data/registry.ts";
import { channelStatistics } from "../data/statistics.ts";
import { EspalierError } from "../error.ts";
import { named, say } from "../message.ts";
import { dataRoot, joinPath, listFolder, sizeOfFile } from "./files.ts";
import { readWhole } from "./unpack.ts";

export interface DataPlace {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Files that are needed and not there. */
  readonly missing: readonly string[];
}

export interface Located extends DataPlace {
  readonly name: string;
  readonly format: PublishedSource["format"];
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Absent for a folder of the user's own. */
  readonly facts?: Facts;
}

/**
 * @param name a registered data set with files, or the path of a folder
 * @param mayLack report missing files instead of throwing
 */
export async function locate(name: string, root?: string, { mayLack = false } = {}): Promise<Located> {
  const known = isKnown(name) ? source(name) : undefined;
  if (!known) return ownFolder(name);
  const base = dataRoot(root);
  const folders = [...known.folders.map((folder) => joinPath(base, folder)), base];
  const places = await Promise.all(folders.map((folder) => lookIn(folder, known)));
  const best = places.reduce((a, b) => (b.missing.length < a.missing.length ? b : a));
  if (best.missing.length > 0 && !mayLack)
    throw new EspalierError(
      "missing",
      `the data set ${name} is not here`,
      { missing: best.missing.map((file) => `${file}[.gz]`).join(", "), "looked in": folders.join(", ") },
      say`get it with datasets.get("${name}"), or name the folder that it is in: ${named("root")}, or $ESPALIER_DATA`,
    );
  return { name, format: known.format, facts: facts(name), ...best };
}

/** A folder is known by the names of its files. */
async function ownFolder(path: string): Promise<Located> {
  const names = await listFolder(path);
  if (names === null) {
    if (!/[/\\]/.test(path)) facts(path); // throws: no such name
    throw new EspalierError("missing", "there is no such folder of data", { folder: path }, "check the path");
  }
  for (const example of ["mnist", "cifar10", "cifar100"]) {
    const kind = source(example) as PublishedSource;
    const place = await lookIn(path, kind);
    if (place.missing.length === 0) return { name: path, format: kind.format, ...place };
  }
  throw new EspalierError("missing", "the folder holds no data set that Espalier reads", {
    folder: path,
    got: names.slice(0, 8).join(", ") || "nothing",
    wanted: "the four IDX files of MNIST, data_batch_*.bin and test_batch.bin, or train.bin and test.bin; or NAME.gz",
  });
}

async function lookIn(
  folder: string,
  { files, format }: PublishedSource,
): Promise<DataPlace & Pick<Located, "train" | "test">> {
  const names = new Set(await listFolder(folder));
  const missing: string[] = [];
  const find = (wanted: readonly string[], all: boolean): string[] => {
    const found = wanted.map((file) => [file, `${file}.gz`].find((name) => names.has(name)));
    const lacking = wanted.filter((_, i) => found[i] === undefined);
    if (all || lacking.length === wanted.length) missing.push(...lacking);
    return found.flatMap((name) => (name ? [joinPath(folder, name)] : []));
  };
  const train = find(files.train, format === "idx"); // CIFAR may come in fewer pieces
  const test = find(files.test, true);
  const sized = await Promise.all([...train, ...test].map(async (path) => ({ path, bytes: await sizeOfFile(path) })));
  return { train, test, missing, files: sized.map(({ path, bytes }) => ({ path, bytes: bytes ?? 0 })) };
}

/** @throws EspalierError naming file and byte or field of whatever is wrong with the content */
export async function readImages(located: Located): Promise<Dataset> {
  try {
    return await readSplits(located);
  } catch (e) {
    if (!(e instanceof EspalierError) || e.fix) throw e;
    throw new EspalierError(e.code, e.what, e.details, "get the file again; it is damaged or not what its name says");
  }
}

async function readSplits({ name, format, train, test, facts: known }: Located): Promise<Dataset> {
  if (format === "idx") return readIdxImages(name, train, test, known);
  const split = async (paths: readonly string[]) =>
    readCifar(
      await Promise.all(
        paths.map(async (file): Promise<NamedBytes> => {
          const bytes = await readWhole(file, (_, trailer) =>
            checkRecords(trailer, file, format, file.endsWith(".gz")),
          );
          return { file, bytes };
        }),
      ),
      format,
    );
  return { ...facts(format), name, train: await split(train), test: await split(test) };
}

async function readIdxImages(
  name: string,
  train: readonly string[],
  test: readonly string[],
  known: Facts | undefined,
): Promise<Dataset> {
  const split = async ([images, labels]: readonly string[], shape: readonly number[] | undefined) =>
    readIdxSplit(await readIdxFile(images, 3), await readIdxFile(labels, 1), known?.classes ?? 256, shape);
  const fit = await split(train, known?.shape);
  const held = await split(test, fit.shape);
  const splits = { train: fit.split, test: held.split };
  if (known) return { ...known, ...splits };
  const largest = [fit, held].reduce((max, { split: { y } }) => y.reduce((a, b) => Math.max(a, b), max), 0);
  return { name, shape: fit.shape, classes: largest + 1, ...splits, ...channelStatistics(fit.split.x, fit.shape) };
}

async function readIdxFile(file: string, rank: number): Promise<NamedBytes> {
  return { file, bytes: await readWhole(file, (head) => idxHeader(head, file, rank).end) };
}
