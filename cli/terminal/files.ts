/**
 * The files that a command reads and writes. Before it begins, what would take work in vain or lose something is refused:
 * an output that cannot stand there, an output that is an input, two outputs that are one file — by whatever names.
 */
import { readdir, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { EspalierError, FILES, type Model, type ReadOptions, TRUNCATED, UsageError } from "espalier";
import { datasets, fileAt, readModel } from "espalier/node";

/** A file as the user named it, and what it is to the command: an argument, a flag. */
export interface NamedFile {
  readonly what: string;
  readonly path: string;
}

/** What a command reads and writes; all of it, as far as it can be known beforehand. */
export interface Touched {
  readonly reads: readonly NamedFile[];
  readonly writes: readonly NamedFile[];
}

/** Of a command that writes no file, whatever it reads. */
export const writesNothing = (): Touched => ({ reads: [], writes: [] });

/** A file that was named, or none. */
export const touched = (what: string, path: string | undefined): readonly NamedFile[] =>
  path === undefined ? [] : [{ what, path }];

/** The files of a data set by name or folder; none where there is no such data set, which opening it says. */
export async function dataFiles(data: string | undefined, root: string | undefined): Promise<readonly NamedFile[]> {
  if (data === undefined) return [];
  const known = (await datasets.list({ root })).find(({ name }) => name === data);
  const inFolder = async () =>
    (await readdir(data).catch((e) => (e.code === "ENOTDIR" ? [""] : []))).map((name) => join(data, name));
  const paths = known ? known.files.map(({ path }) => path) : await inFolder();
  return paths.map((path) => ({ what: "--data", path }));
}

/** The files of runs that go into these folders. */
export const runFiles = (...folders: readonly string[]): readonly NamedFile[] =>
  folders.flatMap((folder) =>
    [...Object.values(FILES), TRUNCATED].map((name) => ({ what: `--out: ${name}`, path: fileAt(folder, name) })),
  );

/**
 * @throws UsageError for an output that is an input or another output: the same path, a link, another spelling; EspalierError for
 *   one that is a folder or no regular file
 */
export async function checkFiles({ reads, writes }: Touched): Promise<void> {
  for (const { path } of writes) await checkTarget(path);
  const others = await Promise.all(reads.map(identified));
  for (const { path, what } of writes) {
    const mine = await identified({ path, what });
    const same = others.find((other) => sameFile(other, mine));
    if (same)
      throw new UsageError(
        "conflict",
        reads.some((read) => read.what === same.what)
          ? "an output would replace an input"
          : "two outputs would be one file",
        { [same.what]: same.path, [what]: path },
        `choose another ${what.split(":")[0]}`,
      );
    others.push(mine);
  }
}

/**
 * Reads the model of a command that writes files.
 * @throws UsageError as `checkFiles`, for an output that is a file of the model's external data
 */
export async function readInput(
  path: string,
  writes: readonly NamedFile[],
  reading: Pick<ReadOptions, "precision" | "sizes"> = {},
): Promise<Model> {
  const reads: NamedFile[] = [];
  const model = await readModel(path, {
    ...reading,
    onExternal: (beside) => reads.push({ what: "the model's external data", path: beside }),
  });
  await checkFiles({ reads, writes });
  return model;
}

/** @throws EspalierError when a file cannot stand there; a device or a pipe would be replaced by a file, too */
async function checkTarget(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined); // what cannot be looked at, writing says
  if (!found || found.isFile()) return;
  throw new EspalierError(
    "unwritable",
    "cannot write the file",
    { file: path, reason: found.isDirectory() ? "it is a folder" : "it is no regular file" },
    found.isDirectory() ? "name a file in it" : "name a file",
  );
}

interface Identified extends NamedFile {
  /** Of what is there: the file itself, whatever its names. */
  readonly inode?: string;
  /** Where it is, or will be, links followed. */
  readonly place: string;
}

async function identified({ what, path }: NamedFile): Promise<Identified> {
  const place = await placeOf(resolve(path));
  const found = await stat(place, { bigint: true }).catch(() => undefined); // it is not there
  return { what, path, place, ...(found && found.ino > 0n && { inode: `${found.dev}:${found.ino}` }) };
}

/**
 * Of two files that are not there yet the names count, by what every system tells apart: where names are kept without regard to
 * case or to how letters are composed, two spellings are one file, and which system the folder is on nobody knows before.
 */
const sameFile = (a: Identified, b: Identified): boolean =>
  a.inode !== undefined || b.inode !== undefined ? a.inode === b.inode : folded(a.place) === folded(b.place);

const folded = (path: string): string => path.normalize("NFC").toLowerCase();

/** Links to follow before they count as a circle, as in Linux. */
const MOST_LINKS = 40;

/** The path with every link followed, also where the last parts are not there yet. */
async function placeOf(path: string, links = 0): Promise<string> {
  const there = await realpath(path).catch(() => undefined);
  if (there !== undefined) return there;
  const target = links < MOST_LINKS ? await readlink(path).catch(() => undefined) : undefined;
  if (target !== undefined) return placeOf(resolve(dirname(path), target), links + 1);
  const above = dirname(path);
  return above === path ? path : join(await placeOf(above, links), basename(path));
}
