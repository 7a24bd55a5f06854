/** NumPy's .npy files: one array, as `numpy.save` writes it (format versions 1 to 3). */

import type { NumericInput } from "../data/arrays.ts";
import { EspalierError } from "../error.ts";
import { fromFloat16 } from "../graph/half.ts";

export type NpyNumbers = Extract<NumericInput, ArrayBufferView> | BigInt64Array | BigUint64Array;

/** An array as it is read: of numbers, or of texts. */
export type NpyArray = NumberArray | TextArray;
interface NumberArray {
  readonly data: NpyNumbers;
  readonly shape: readonly number[];
}
export interface TextArray {
  readonly data: readonly string[];
  readonly shape: readonly number[];
}

const MAGIC = "\x93NUMPY";
type Maker = (buffer: ArrayBuffer) => NpyNumbers;
/** By the kind and size of an element. Booleans are the numbers 0 and 1. */
const MAKERS: Readonly<Record<string, Maker>> = {
  b1: (b) => new Int8Array(b), // whole numbers, not the bytes of an image
  u1: (b) => new Uint8Array(b),
  i1: (b) => new Int8Array(b),
  i2: (b) => new Int16Array(b),
  u2: (b) => new Uint16Array(b),
  i4: (b) => new Int32Array(b),
  u4: (b) => new Uint32Array(b),
  i8: (b) => new BigInt64Array(b),
  u8: (b) => new BigUint64Array(b),
  f2: (b) => Float32Array.from(new Uint16Array(b), fromFloat16),
  f4: (b) => new Float32Array(b),
  f8: (b) => new Float64Array(b),
};

/** Texts of at most so many characters, in UTF-32, filled up with zeros. */
function textsOf(buffer: ArrayBuffer, characters: number): string[] {
  const codes = new Uint32Array(buffer);
  return Array.from({ length: codes.length / characters }, (_, i) => {
    const own = codes.subarray(i * characters, (i + 1) * characters);
    return String.fromCodePoint(...own).replace(/\0+$/, "");
  });
}

/**
 * Reads an .npy file.
 * @param what how messages name it
 * @throws EspalierError naming the field for bytes that are no such file, and for arrays of objects, of big-endian numbers or in Fortran's order
 */
export function readNpy(bytes: Uint8Array, what: string): NpyArray {
  const wrong = (field: string, got: string | number, wanted: string, fix?: string): never => {
    throw new EspalierError("invalid-file", "the array cannot be read", { file: what, field, got, wanted }, fix);
  };
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (text(0, 6) !== MAGIC) wrong("the first six bytes", JSON.stringify(text(0, 6)), "\\x93NUMPY");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = bytes[6] >= 2;
  if (bytes.length < 12 || bytes[6] > 3) wrong("version", bytes[6], "1, 2 or 3");
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length || end - start > 65535)
    wrong("length of the header", end - start, `at most ${bytes.length - start}`);
  const header = text(start, end);
  const [, order, kind] = /'descr':\s*'([<>|=])([a-z]\d+|U[1-9]\d*)'/.exec(header) ?? [];
  const characters = kind?.startsWith("U") ? Number(kind.slice(1)) : 0;
  const make = Object.hasOwn(MAKERS, kind) ? MAKERS[kind] : undefined;
  if (!make && characters === 0)
    throw wrong(
      "descr",
      header.trim().slice(0, 80),
      `${Object.keys(MAKERS).join(", ")}, or U… for classes by their names`,
      /'\|O'/.test(header)
        ? "save array.astype(str), or numbers: array.astype(float)"
        : "save numbers: array.astype(...)",
    );
  if (order === ">") wrong("descr", `${order}${kind}`, "little-endian numbers", `save array.astype("<${kind}")`);
  if (!/'fortran_order':\s*False/.test(header))
    wrong("fortran_order", "True", "False", "save numpy.ascontiguousarray(array)");
  const [, list] = /'shape':\s*\(([\d,\sL]*)\)/.exec(header) ?? [];
  if (list === undefined) wrong("shape", header.trim().slice(0, 80), "whole numbers");
  const shape = [...list.matchAll(/\d+/g)].map(Number);
  const needed = shape.reduce((a, b) => a * b, 1) * (4 * characters || Number(kind.slice(1)));
  if (bytes.length - end !== needed)
    wrong("length of the data", bytes.length - end, `${needed} bytes for [${shape}] of ${kind}`);
  const buffer = bytes.slice(end).buffer as ArrayBuffer;
  return make ? { data: make(buffer), shape } : { data: textsOf(buffer, characters), shape };
}
