/** The images of a folder as a source of samples; it can be made again in a worker. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { drawPart } from "../../data/augment/resized-crop.ts";
import { partStream } from "../../data/augment/vary.ts";
import { outputSize } from "../../data/preprocessing.ts";
import type { Drawn, SampleSource } from "../../data/split.ts";
import { brokenImage } from "./broken.ts";
import { cached, cachePath, keep } from "./cache.ts";
import { decodeImage, type SampleMaking } from "./decode.ts";
import { sourceOfImages } from "./image-source.ts";
import type { Extent, Region } from "./place.ts";

/** Plain data, so that a thread can be given it. */
export interface ImageFiles extends SampleMaking {
  readonly folder: string;
  /** Paths in the folder, in the order of the rows. */
  readonly files: readonly string[];
  /** Text that differs where the files do. */
  readonly identity: string;
  /** Folder that decoded images are kept in. */
  readonly cache?: string;
}

/**
 * One sample, from the cache where it is there.
 * @param region of the image, where there is no cache
 * @throws EspalierError naming the file
 */
export async function readImage(
  file: string,
  { folder, cache, ...making }: ImageFiles,
  region?: (of: Extent) => Region,
): Promise<Uint8Array> {
  const path = join(folder, file);
  try {
    if (!cache) return await decodeImage(await readFile(path), making, region);
    const { size, mtimeMs } = await stat(path);
    const { preprocessing, channels } = making;
    const { resize, crop, interpolation } = preprocessing; // scales are no matter of the pixels
    const how = JSON.stringify([1, resize, crop, interpolation, channels]);
    const at = cachePath(cache, { path, bytes: size, time: mtimeMs }, how);
    const [height, width] = outputSize(preprocessing);
    const found = await cached(at, channels * height * width);
    if (found) return found;
    const made = await decodeImage(await readFile(path), making);
    await keep(at, made);
    return made;
  } catch (error) {
    throw brokenImage(path, error);
  }
}

export default function imageSource(given: ImageFiles): SampleSource {
  const { files, cache } = given;
  const source = sourceOfImages(given, { module: import.meta.url, given }, (row, drawn, place) =>
    readImage(files[row], given, cache ? undefined : partOf(drawn, place)),
  );
  // Parts are cut out of the images as they are stored; where decoded ones are kept, out of these, by whoever makes batches.
  return cache ? source : { ...source, augments: ["randomResizedCrop"] };
}

/** Which part of its image a sample is. @param i its place in the batch */
function partOf(drawn: Drawn | undefined, i: number): ((of: Extent) => Region) | undefined {
  const part = drawn?.augment?.randomResizedCrop;
  if (!drawn || !part) return undefined;
  return ({ width, height }) => drawPart(width, height, part, partStream(drawn.seed, drawn.epoch, drawn.position + i));
}
