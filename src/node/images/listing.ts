/** The images of a folder of classes, by their names alone. */
import { open, readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { EspalierError } from "../../error.ts";
import { refused, systemReason } from "../system-error.ts";
import { aFewAtATime } from "./few.ts";

/** Images of one class. */
export interface ImageClass {
  readonly name: string;
  /** Paths under the folder of the classes, in byte order. */
  readonly files: readonly string[];
}

const IMAGE = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i;
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const hidden = (name: string): boolean => name.startsWith(".");

async function entries(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter((name) => !hidden(name)).sort(byBytes);
  } catch (error) {
    throw refused("read the folder", { folder: path }, error, "read");
  }
}

/** A link that leads nowhere is a file, which cannot be read. */
const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** The folders in a folder, without those whose names begin with a dot, in byte order. */
export async function foldersIn(path: string): Promise<string[]> {
  const names = await entries(path);
  const are = await Promise.all(names.map((name) => isFolder(join(path, name))));
  return names.filter((_, i) => are[i]);
}

/**
 * The classes of a folder, with the images in each and in the folders below it. A link that leads back to where it is in is refused.
 * @throws EspalierError naming a class that has no image, and what cannot be read
 */
export async function imageClasses(folder: string): Promise<{ classes: ImageClass[]; others: string[] }> {
  const others: string[] = [];
  const classes: ImageClass[] = [];
  for (const name of await foldersIn(folder)) {
    const files = await imagesIn(folder, name, [], others);
    if (files.length === 0)
      throw new EspalierError(
        "missing",
        "a class has no image",
        { folder: join(folder, name), wanted: ".jpg, .jpeg, .png, .webp, .gif, .tif, .tiff or .avif" },
        "put images of the class in it, or remove the folder",
      );
    classes.push({ name, files: files.sort(byBytes) });
  }
  return { classes, others };
}

/** @param above real paths of the folders that this one is in */
async function imagesIn(folder: string, under: string, above: readonly string[], others: string[]): Promise<string[]> {
  const path = join(folder, under);
  const real = await realpath(path);
  if (above.includes(real))
    throw new EspalierError(
      "invalid-file",
      "a link leads back to a folder that it is in",
      { folder: path },
      "remove the link",
    );
  const found: string[] = [];
  for (const name of await entries(path)) {
    const one = join(under, name);
    if (await isFolder(join(folder, one))) found.push(...(await imagesIn(folder, one, [...above, real], others)));
    else if (IMAGE.test(name)) found.push(one);
    else others.push(one);
  }
  return found;
}

/** What the files of each kind begin with. */
const BEGINNINGS: readonly RegExp[] = [
  /^\xff\xd8\xff/, // JPEG
  /^\x89PNG\r\n/,
  /^RIFF.{4}WEBP/s,
  /^GIF8[79]a/,
  /^(II[*+]\0|MM\0[*+])/, // TIFF
  /^.{4}ftyp(avif|avis|mif1)/s, // AVIF
];

export interface Looked {
  readonly bytes: number;
  /** Why it cannot be an image, if so. */
  readonly reason?: string;
}

/** Size and first bytes of every file: finds what is no image, or cannot be read, without decoding. */
export async function lookAt(folder: string, files: readonly string[]): Promise<Looked[]> {
  const looked = new Array<Looked>(files.length);
  await aFewAtATime(files.length, async (i) => {
    looked[i] = await look(join(folder, files[i]));
  });
  return looked;
}

async function look(path: string): Promise<Looked> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size === 0) return { bytes: 0, reason: "the file is empty" };
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
      const start = buffer.toString("latin1", 0, bytesRead);
      return BEGINNINGS.some((b) => b.test(start))
        ? { bytes: size }
        : { bytes: size, reason: "its first bytes are those of no image" };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { bytes: 0, reason: systemReason(error, "read") };
  }
}
