/**
 * Takes named files out of a tar archive (POSIX ustar: blocks of 512 bytes, a header before each file). As much as the
 * CIFAR archives need, on bytes whose checksum is already known to be right: no links, no long names.
 */
import { EspalierError } from "../error.ts";

const BLOCK = 512;

/**
 * Views of the wanted files, which are known by the last part of their path, so an archive cannot say where to write.
 * @throws EspalierError naming the byte when the archive is cut short or one of the files is not in it
 */
export function untar(bytes: Uint8Array, wanted: readonly string[], file: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const text = (from: number, length: number): string =>
    String.fromCharCode(...bytes.subarray(from, from + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim(), 8);
    const start = at + BLOCK;
    if (!(size >= 0) || start + size > bytes.length)
      throw new EspalierError("invalid-file", "the tar archive is damaged or cut short", {
        file,
        field: `file size (byte ${at + 124})`,
        got: `${JSON.stringify(text(at + 124, 12))}, octal`,
        wanted: `0 … ${bytes.length - start} bytes, which is what follows`,
      });
    const name = text(at, 100).split("/").pop() ?? "";
    const isFile = bytes[at + 156] === 0x30 || bytes[at + 156] === 0;
    if (isFile && wanted.includes(name)) found.set(name, bytes.subarray(start, start + size));
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  const missing = wanted.filter((name) => !found.has(name));
  if (missing.length > 0)
    throw new EspalierError("invalid-file", "the archive lacks files", { file, wanted: missing.join(", ") });
  return found;
}
