/**
 * The IDX format of MNIST and Fashion-MNIST: two zero bytes, an element type (8 = uint8, the only one read here), the
 * number of dimensions, each dimension as a big-endian 32-bit integer, then the elements, row-major.
 */
import { EspalierError } from "../error.ts";
import type { Split } from "./split.ts";

interface IdxArray {
  readonly dims: readonly number[];
  /** A view of the bytes that were read. */
  readonly data: Uint8Array;
}

/** Dimensions and total length in bytes that the header of an IDX file declares. */
export function idxHeader(
  head: Uint8Array,
  file: string,
  rank: number,
): { dims: number[]; start: number; end: number } {
  const start = 4 + 4 * rank;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (head.length >= 4 && view.getUint32(0) !== 0x800 + rank)
    throw new EspalierError("invalid-file", "not the IDX file that was expected", {
      file,
      field: "magic number (byte 0)",
      got: view.getUint32(0),
      wanted: `${0x800 + rank} (uint8, ${rank} dimension${rank > 1 ? "s" : ""})`,
    });
  if (head.length < start)
    throw new EspalierError("invalid-file", "the IDX file is cut short", {
      file,
      field: "header",
      got: `${head.length} bytes`,
      wanted: `${start}`,
    });
  const dims = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const zero = dims.indexOf(0);
  if (zero >= 0)
    throw new EspalierError("invalid-file", "the IDX file is empty", {
      file,
      field: `dimension ${zero} (byte ${4 + 4 * zero})`,
      got: 0,
      wanted: "at least 1",
    });
  return { dims, start, end: start + dims.reduce((a, b) => a * b, 1) };
}

/** @param rank 3 for images, 1 for labels */
function readIdx(bytes: Uint8Array, file: string, rank: number): IdxArray {
  const { dims, start, end } = idxHeader(bytes, file, rank);
  if (bytes.length !== end)
    throw new EspalierError(
      "invalid-file",
      bytes.length < end ? "the IDX file is cut short" : "the IDX file is too long",
      {
        file,
        field: `data (from byte ${start})`,
        got: `${bytes.length} bytes`,
        wanted: `${end}, as its dimensions [${dims}] say`,
      },
    );
  return { dims, data: bytes.subarray(start) };
}

export interface NamedBytes {
  /** As errors name it. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/**
 * Images and labels of one split.
 * @param classes labels must be below it
 * @param shape wanted shape of an image, if it is known
 * @throws EspalierError naming file and byte or field
 */
export function readIdxSplit(
  images: NamedBytes,
  labels: NamedBytes,
  classes: number,
  shape?: readonly number[],
): { split: Split & { readonly y: Int32Array }; shape: readonly number[] } {
  const { dims, data } = readIdx(images.bytes, images.file, 3);
  const { data: y } = readIdx(labels.bytes, labels.file, 1);
  const [count, ...size] = dims;
  if (shape && size.join() !== shape.slice(1).join())
    throw new EspalierError("invalid-file", "the images have the wrong size", {
      file: images.file,
      field: "dimensions (bytes 8 … 15)",
      got: size.join(" × "),
      wanted: shape.slice(1).join(" × "),
    });
  if (y.length !== count)
    throw new EspalierError("mismatch", "images and labels differ in number", {
      file: labels.file,
      field: "number of labels (byte 4)",
      got: y.length,
      wanted: `${count}, as ${images.file} has`,
    });
  return { split: { x: data, y: labelsBelow(classes, y, labels.file, 8), count }, shape: [1, ...size] };
}

function labelsBelow(classes: number, labels: Uint8Array, file: string, start: number): Int32Array {
  const bad = labels.findIndex((label) => label >= classes);
  if (bad >= 0)
    throw new EspalierError("out-of-range", "a label is out of range", {
      file,
      byte: start + bad,
      got: labels[bad],
      wanted: `0 … ${classes - 1}`,
    });
  return Int32Array.from(labels);
}
