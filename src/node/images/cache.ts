/**
 * Samples made of images, kept on disk, one file each. A file is known by the image's path, size and time and by how the sample is
 * made; it ends in a checksum, so that what a power cut left half written is made anew.
 */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { otherwise, refused } from "../system-error.ts";
import { inPlaceOf, makeFolder } from "../whole-files.ts";

const CHECKSUM = 16;
const checksum = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest().subarray(0, CHECKSUM);

/** An image file as it is now. */
export interface ImageStamp {
  readonly path: string;
  readonly bytes: number;
  /** Of the last change, in milliseconds. */
  readonly time: number;
}

/** Where the sample of an image is kept. @param how it is made */
export function cachePath(folder: string, { path, bytes, time }: ImageStamp, how: string): string {
  const key = createHash("sha256")
    .update(JSON.stringify([path, bytes, time, how]))
    .digest("hex");
  return join(folder, key.slice(0, 2), key.slice(2));
}

/** The sample; undefined when it is not there, or not whole. */
export async function cached(path: string, length: number): Promise<Uint8Array | undefined> {
  const found = await readFile(path).catch(otherwise(["ENOENT", "ENOTDIR"], undefined));
  if (found?.length !== length + CHECKSUM) return undefined;
  const sample = found.subarray(0, length);
  return checksum(sample).every((byte, i) => byte === found[length + i]) ? sample : undefined;
}

/** @throws EspalierError when it cannot be written */
export async function keep(path: string, sample: Uint8Array): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await inPlaceOf(path, (temporary) => writeFile(temporary, Buffer.concat([sample, checksum(sample)])));
  } catch (error) {
    throw refused("write the cache of decoded images", { file: path }, error, "write");
  }
}
