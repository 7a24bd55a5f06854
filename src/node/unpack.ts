/** Reading files of data sets within bounds, gzipped or not: no file makes a program take more memory than the file can hold. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { EspalierError } from "../error.ts";
import { sizeOfFile } from "./files.ts";
import { codeOf, refused } from "./system-error.ts";

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

/** @throws EspalierError when a file of this size cannot hold as many bytes as it declares, or these are too many */
export function boundedSize(declared: number, size: number, path: string): void {
  if (declared > LARGEST_FILE) throw tooLarge(path, "its header or trailer", declared);
  if (declared > size * DEFLATE_RATIO)
    throw new EspalierError("too-large", "the file cannot hold what it declares", {
      file: path,
      field: "size, by its header or gzip trailer",
      got: `${declared} bytes in a file of ${size}`,
      wanted: `at most ${DEFLATE_RATIO} : 1, as far as gzip can pack`,
    });
}

/**
 * A whole file, unpacked if its name ends in .gz, in memory that worker threads can share.
 * @throws EspalierError when it is larger than what `expect` allows, damaged, or cannot be read
 */
export async function readWhole(path: string, expect: Expect): Promise<Uint8Array> {
  const size = await sizeOfFile(path);
  if (size === null) throw new EspalierError("system", "there is no such file", { file: path });
  if (size > LARGEST_FILE) throw tooLarge(path, "the file itself", size);
  const packed = path.endsWith(".gz");
  const trailer = packed ? await lastUint32(path, size) : size;
  const gunzip = createGunzip();
  const sizeOf = (head: Uint8Array): number => {
    const wanted = expect(head, trailer);
    boundedSize(wanted, size, path);
    return packed ? wanted : size;
  };
  const source = createReadStream(path);
  source.on("error", (error) => gunzip.destroy(error)); // pipe() does not pass errors on
  try {
    return await collect(packed ? source.pipe(gunzip) : source, sizeOf, path);
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    if (!codeOf(error).startsWith("Z_")) throw refused("read the file", { file: path }, error, "read");
    throw new EspalierError(
      "invalid-file",
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
        "too-large",
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
    throw new EspalierError("invalid-file", "the gzip file is damaged or cut short", {
      file: path,
      field: "gzip header and trailer",
      got: `${size} bytes`,
      wanted: "at least 18",
    });
  const file = await open(path).catch((error) => {
    throw refused("read the file", { file: path }, error, "read");
  });
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, size - 4);
    return buffer.readUInt32LE();
  } finally {
    await file.close();
  }
}

const tooLarge = (file: string, field: string, bytes: number): EspalierError =>
  new EspalierError("too-large", "the file is too large for a data set", {
    file,
    field: `size, by ${field}`,
    got: `${bytes} bytes`,
    wanted: `at most ${LARGEST_FILE}`,
  });
