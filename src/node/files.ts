/** The file-system half of the data sets (Node only): finding, reading within bounds, unpacking, writing whole files. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createGunzip } from "node:zlib";
import envPaths from "env-paths";
import { EspalierError } from "../error.ts";

/** No file of a data set is larger than this, packed or not (CIFAR-100's training file has 147 MiB). */
const LARGEST_FILE = 512 * 2 ** 20;

/** Deflate cannot pack tighter than this. */
const DEFLATE_RATIO = 1032;

/** Bytes of the start of a file that an `Expect` sees. */
const HEAD_BYTES = 16;

/**
 * How many bytes a file unpacks to, from its first bytes or from what its gzip trailer says. Throws if that is not
 * plausible. It is asked before any memory is taken, so a gzip bomb costs none.
 */
export type Expect = (head: Uint8Array, trailer: number) => number;

/** The folder with the data: the given one, else $ESPALIER_DATA, else the user's cache folder. */
export const dataRoot = (root?: string): string =>
  root ?? (process.env["ESPALIER_DATA"] || envPaths("espalier", { suffix: "" }).cache);

export const joinPath = join;

const isFolder = (path: string): Promise<boolean> =>
  stat(path)
    .then((s) => s.isDirectory())
    .catch(() => false);

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns below /proc, and on a read-only disk it
 * says that the folder is not there.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (await isFolder(path)) return;
    const above = dirname(path);
    if (codeOf(error) !== "ENOENT" || above === path || (await isFolder(above))) throw error;
    await makeFolder(above);
    await makeFolder(path);
  }
}

/** Names in a folder; null if there is no such folder. */
export async function listFolder(path: string): Promise<string[] | null> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return null;
    throw failed("read the folder", path, error);
  }
}

/** Size of a regular file in bytes; null if there is none. */
export async function fileSize(path: string): Promise<number | null> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : null;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return null;
    throw failed("read the file", path, error);
  }
}

/**
 * A whole file, unpacked if its name ends in .gz, in memory that worker threads can share.
 * @throws EspalierError when it is larger than what `expect` allows, damaged, or cannot be read
 */
export async function readWhole(path: string, expect: Expect): Promise<Uint8Array> {
  const size = await fileSize(path);
  if (size === null) throw new EspalierError("there is no such file", { file: path });
  if (size > LARGEST_FILE) throw tooLarge(path, "the file itself", size);
  const packed = path.endsWith(".gz");
  const trailer = packed ? await lastUint32(path, size) : size;
  const gunzip = createGunzip();
  const sizeOf = (head: Uint8Array): number => {
    const wanted = expect(head, trailer);
    if (wanted > LARGEST_FILE) throw tooLarge(path, "its header or trailer", wanted);
    if (wanted > size * DEFLATE_RATIO)
      throw new EspalierError("the file cannot hold what it declares", {
        file: path,
        field: "size, by its header or gzip trailer",
        got: `${wanted} bytes in a file of ${size}`,
        wanted: `at most ${DEFLATE_RATIO} : 1, as far as gzip can pack`,
      });
    return packed ? wanted : size;
  };
  const source = createReadStream(path);
  source.on("error", (error) => gunzip.destroy(error)); // pipe() does not pass errors on
  try {
    return await collect(packed ? source.pipe(gunzip) : source, sizeOf, path);
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    if (!codeOf(error).startsWith("Z_")) throw failed("read the file", path, error);
    throw new EspalierError(
      "the gzip file is damaged or cut short",
      {
        file: path,
        field: `gzip stream, near byte ${gunzip.bytesWritten} of ${size}`,
        got: (error as Error).message,
        wanted: "a whole gzip stream",
      },
      "get the file again",
    );
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** Chunks into one buffer, whose size is known from the first few bytes and is never exceeded. */
async function collect(
  chunks: AsyncIterable<Uint8Array>,
  sizeOf: (head: Uint8Array) => number,
  file: string,
): Promise<Uint8Array> {
  let early = Buffer.alloc(0);
  const target: { whole?: Uint8Array } = {};
  let at = 0;
  const put = (chunk: Uint8Array): Uint8Array => {
    const whole = (target.whole ??= new Uint8Array(new SharedArrayBuffer(sizeOf(chunk))));
    if (at + chunk.length > whole.length)
      throw new EspalierError(
        "the file is longer than it declares",
        {
          file,
          field: "size, by its header or gzip trailer",
          got: `more than ${whole.length} bytes`,
          wanted: whole.length,
        },
        "the file is damaged or not what its name says; get it again",
      );
    whole.set(chunk, at);
    at += chunk.length;
    return whole;
  };
  for await (const chunk of chunks) {
    if (target.whole) put(chunk);
    else if ((early = Buffer.concat([early, chunk])).length >= HEAD_BYTES) put(early);
  }
  return (target.whole ?? put(early)).subarray(0, at);
}

/** The size that a gzip file's last four bytes declare (of its last member, modulo 2³²). */
async function lastUint32(path: string, size: number): Promise<number> {
  if (size < 18)
    throw new EspalierError("the gzip file is damaged or cut short", {
      file: path,
      field: "gzip header and trailer",
      got: `${size} bytes`,
      wanted: "at least 18",
    });
  const file = await open(path).catch((error) => {
    throw failed("read the file", path, error);
  });
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, size - 4);
    return buffer.readUInt32LE();
  } finally {
    await file.close();
  }
}

/** SHA-256 of a file, in hexadecimal; null if there is none. */
export async function sha256(path: string): Promise<string | null> {
  if ((await fileSize(path)) === null) return null;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** Writes a file so that it is there whole or not at all. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const part = new PartialFile(path);
  await part.discard();
  await part.append(bytes);
  await part.finish();
}

export const remove = (path: string): Promise<void> =>
  rm(path, { force: true }).catch((error) => {
    throw failed("remove the file", path, error);
  });

/** A file that grows under a temporary name, over several runs if need be, and gets its own when it is whole. */
export class PartialFile {
  readonly path: string;
  readonly temporary: string;
  private handle: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
    this.temporary = `${path}.part`;
  }

  /** Bytes that are there already. */
  size(): Promise<number> {
    return fileSize(this.temporary).then((size) => size ?? 0);
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      if (!this.handle) {
        await makeFolder(dirname(this.path));
        this.handle = await open(this.temporary, "a");
      }
      await this.handle.appendFile(bytes);
    } catch (error) {
      throw failed("write the file", this.temporary, error);
    }
  }

  async close(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
  }

  async discard(): Promise<void> {
    await this.close();
    await remove(this.temporary);
  }

  async finish(): Promise<void> {
    try {
      await this.handle?.sync();
      await this.close();
      await rename(this.temporary, this.path);
    } catch (error) {
      throw failed("write the file", this.path, error);
    }
  }
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? "");

const FIXES: Readonly<Record<string, string>> = {
  EACCES: "check the permissions",
  EROFS: "choose a folder that can be written",
  ENOSPC: "free some disk space; what was written is kept and continued from",
};

const failed = (what: string, file: string, error: unknown): EspalierError =>
  new EspalierError(`cannot ${what}`, { file, got: (error as Error).message }, FIXES[codeOf(error)]);

const tooLarge = (file: string, field: string, bytes: number): EspalierError =>
  new EspalierError("the file is too large for a data set", {
    file,
    field: `size, by ${field}`,
    got: `${bytes} bytes`,
    wanted: `at most ${LARGEST_FILE}`,
  });
