/**
 * The binary version of CIFAR: records of label bytes and 3 × 32 × 32 pixel bytes (planes R, G, B; row-major), any
 * number of them. CIFAR-10 has one label byte; CIFAR-100 has the coarse one (0 … 19) and the fine one (0 … 99), of
 * which the fine one is the class.
 */
import { EspalierError } from "../error.ts";
import type { NamedBytes } from "./idx.ts";
import type { Split } from "./split.ts";

const PIXELS = 3 * 32 * 32;

type CifarKind = "cifar10" | "cifar100";

/** The label bytes at the start of a record: name and number of values of each. The last one is the class. */
const LABELS = {
  cifar10: [{ field: "label", values: 10 }],
  cifar100: [
    { field: "coarse label", values: 20 },
    { field: "fine label", values: 100 },
  ],
} as const;

/**
 * Returns the length of a file, which must be one or more whole records.
 * @param packed the length is what a gzip trailer says, which is anything when that file was cut
 */
export function checkRecords(length: number, file: string, kind: CifarKind, packed = false): number {
  const record = LABELS[kind].length + PIXELS;
  const rest = length % record;
  if (length > 0 && rest === 0) return length;
  const where = packed
    ? {
        field: "unpacked size, by the gzip trailer",
        got: `${length} bytes`,
        wanted: `records of ${record}, as ${kind} has`,
      }
    : {
        field: `record ${Math.floor(length / record)} (from byte ${length - rest})`,
        got: `${rest} bytes`,
        wanted: `${record}, a record of ${kind}`,
      };
  throw new EspalierError("invalid-file", "the CIFAR file is empty, cut short or not of this kind", { file, ...where });
}

/** The records of one or more files, one after the other. */
export function readCifar(files: readonly NamedBytes[], kind: CifarKind): Split {
  const labels = LABELS[kind];
  const record = labels.length + PIXELS;
  for (const { file, bytes } of files) checkRecords(bytes.length, file, kind);
  const count = files.reduce((n, { bytes }) => n + bytes.length / record, 0);
  const x = new Uint8Array(count * PIXELS);
  const y = new Int32Array(count);
  let sample = 0;
  for (const { file, bytes } of files)
    for (let at = 0; at < bytes.length; at += record, sample++) {
      labels.forEach(({ field, values }, i) => {
        if (bytes[at + i] >= values)
          throw new EspalierError("out-of-range", "a label is out of range", {
            file,
            field: `${field} of record ${at / record}`,
            byte: at + i,
            got: bytes[at + i],
            wanted: `0 … ${values - 1}`,
          });
      });
      y[sample] = bytes[at + labels.length - 1];
      x.set(bytes.subarray(at + labels.length, at + record), sample * PIXELS);
    }
  return { x, y, count };
}
