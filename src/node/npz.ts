/** NumPy's .npz files as data sets: a zip of .npy files whose names say what they are. */
import { type UnzipFileInfo, unzipSync } from "fflate";
import type { Dataset } from "../data/dataset.ts";
import { EspalierError } from "../error.ts";
import { crc32 } from "../math/crc.ts";
import { datasetOfArrays } from "./array-files.ts";
import { readNpy } from "./npy.ts";
import type { OpenOptions } from "./reader.ts";
import { boundedSize, readWhole } from "./unpack.ts";

/**
 * A data set of an .npz file, as `datasetOfArrays` takes its arrays.
 * @throws EspalierError for what is no zip or is cut short, an array of another kind than numbers or whose sum is not the zip's, columns
 *   that differ in length
 */
export async function openNpz(path: string, options: OpenOptions): Promise<Dataset> {
  const bytes = await readWhole(path, (_, size) => size);
  const arrays = Object.entries(unzipped(bytes, path)).map(([file, content]) => {
    const where = `${path}: ${file}`;
    return { name: file.replace(/\.npy$/, ""), where, ...readNpy(content, where) };
  });
  const hint = "save with numpy.savez(path, x=…, y=…), or with the names of the model's inputs";
  return datasetOfArrays(arrays, path, options, hint);
}

function unzipped(bytes: Uint8Array, path: string): Record<string, Uint8Array> {
  let all = 0;
  const seen = new Set<string>();
  const filter = ({ name, originalSize }: UnzipFileInfo): boolean => {
    if (!name.endsWith(".npy")) return false;
    if (seen.has(name)) throw new EspalierError("invalid-file", "two arrays have one name", { file: path, got: name });
    seen.add(name);
    all += originalSize;
    boundedSize(all, bytes.length, path);
    return true;
  };
  let found: Record<string, Uint8Array>;
  try {
    found = unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    throw new EspalierError("invalid-file", "the file is no zip, damaged or cut short", {
      file: path,
      got: (error as Error).message,
      wanted: "an .npz file as numpy.savez writes it",
    });
  }
  for (const [name, sum] of sums(bytes))
    if (found[name] && crc32(found[name]) !== sum)
      throw new EspalierError(
        "invalid-file",
        "an array is damaged: its checksum is not the zip's",
        { file: `${path}: ${name}`, got: hex(crc32(found[name])), wanted: hex(sum) },
        "get the file again",
      );
  return found;
}

const hex = (n: number): string => n.toString(16).padStart(8, "0");

/** The checksum of each file by a zip's central directory (APPNOTE.TXT 4.3.12, 4.3.16), which unzipping has read before. */
function sums(bytes: Uint8Array): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end > 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  const found = new Map<string, number>();
  let at = view.getUint32(end + 16, true);
  while (at + 46 <= bytes.length && view.getUint32(at, true) === 0x02014b50) {
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    found.set(new TextDecoder().decode(bytes.slice(at + 46, at + 46 + name)), view.getUint32(at + 16, true));
    at += 46 + name + extra + comment;
  }
  return found;
}
