/** A sample order from a file. */
import { EspalierError } from "../error.ts";
import { aText, wants } from "../given.ts";
import { readBytes } from "./model-files.ts";
import { readNpy } from "./npy.ts";

/**
 * Reads the order in which epochs visit the training samples: text with one index per line, or an .npy file of whole numbers, one
 * row for all epochs or one for each.
 * @returns for `order` of `train`, which checks the indices
 * @throws EspalierError naming the file, and the line or place that is no whole number ≥ 0
 */
export async function readOrder(path: string): Promise<Uint32Array> {
  wants("readOrder", ["path", aText, path]);
  const bytes = await readBytes(path);
  const numbers = path.endsWith(".npy") ? fromNpy(bytes, path) : fromText(bytes);
  numbers.forEach(({ value, at, text }) => {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return;
    throw new EspalierError("invalid-file", "an order of samples holds whole numbers from 0 on", {
      file: path,
      at,
      got: text,
    });
  });
  return Uint32Array.from(numbers, ({ value }) => value);
}

interface Read {
  readonly value: number;
  readonly at: string;
  readonly text: string;
}

const fromNpy = (bytes: Uint8Array, path: string): Read[] =>
  Array.from<number | bigint | string>(readNpy(bytes, path).data).map((x, i) => ({
    value: Number(x),
    at: `element ${i}`,
    text: String(x),
  }));

const fromText = (bytes: Uint8Array): Read[] =>
  new TextDecoder()
    .decode(bytes)
    .split("\n")
    .map((line, i) => ({ text: line.trim(), at: `line ${i + 1}` }))
    .filter(({ text }) => text !== "")
    .map(({ text, at }) => ({ text, at, value: /^\d+$/.test(text) ? Number(text) : Number.NaN }));
