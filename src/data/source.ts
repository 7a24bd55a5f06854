/** Reading samples wherever they are: in memory or in a source. Whoever wants samples of a split goes through this file. */

import { checkInteger } from "../checks.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aFunction, aList, anArray, anObject, aText, type Kind, maybe, wants } from "../given.ts";
import { type Drawn, type Numbers, ofEach, type SampleSource, type Split } from "./split.ts";

const ARRAYS = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array } as const;

/** Numbers of one sample's x. */
export const sampleSize = ({ source, x, count }: Pick<Split, "source" | "x" | "count">): number =>
  source ? source.shape.reduce((a, b) => a * b, 1) : x.length / count;

/**
 * A split whose x is read when it is wanted.
 * @param rest what is in memory: targets, further arrays, and how many samples there are
 * @throws UsageError for what is no source, or no such arrays
 */
export function sourceSplit(source: SampleSource, rest: Pick<Split, "y" | "more" | "count">): Split {
  wants(
    "sourceSplit",
    ["source", anObject, source],
    ["source.read", aFunction, source, "read"],
    ["source.shape", aList, source, "shape"],
    ["source.identity", aText, source, "identity"],
    ["source.dtype", anElementType, source, "dtype"],
    ["rest", anObject, rest],
    ["y", anArray, rest, "y"],
    ["more", maybe(anObject), rest, "more"],
  );
  const { y, more, count } = rest;
  checkInteger("count", count, 1);
  return { x: new ARRAYS[source.dtype](0), source, y, ...(more && { more }), count };
}

const anElementType: Kind = {
  wanted: Object.keys(ARRAYS).join(", "),
  holds: (x) => typeof x === "string" && Object.hasOwn(ARRAYS, x),
};

/** Some samples of a split, as a split: what is in memory is copied, what is read stays where it is. */
export function chosen(split: Split, indices: Uint32Array): Split {
  const { source, rows, origin } = split;
  const picked: Split = {
    ...arraysAt(split, indices, 0, indices.length),
    ...(origin && { origin: (sample) => origin(indices[sample]) }),
    count: indices.length,
  };
  return source ? { ...picked, source, rows: rows ? indices.map((i) => rows[i]) : indices.slice() } : picked;
}

/**
 * The samples at positions `start … start + count − 1` of an order, in new arrays.
 * @param order default: of the data
 * @param drawn for training
 * @throws EspalierError when the source gives something else than it should; whatever it throws
 */
export async function samplesAt(
  split: Split,
  order: Uint32Array | undefined,
  start: number,
  count: number,
  drawn?: Drawn,
): Promise<Pick<Split, "x" | "y" | "more" | "count">> {
  const rest = { ...arraysAt(split, order, start, count), count };
  const { source, rows } = split;
  if (!source || count === 0) return rest;
  const wanted = Uint32Array.from({ length: count }, (_, i) => {
    const at = order ? order[start + i] : start + i;
    return rows ? rows[at] : at;
  });
  const x = await source.read(wanted, drawn);
  checkGiven(x, source, wanted);
  return { ...rest, x };
}

/** What is in memory of the samples at these positions. */
const arraysAt = (split: Split, order: Uint32Array | undefined, start: number, count: number) =>
  ofEach(split, (of) => gather(of, of.length / split.count, order, start, count));

function gather<T extends Numbers>(
  from: T,
  width: number,
  order: Uint32Array | undefined,
  start: number,
  count: number,
): T {
  if (!order) return from.slice(start * width, (start + count) * width) as T;
  const to = new (from.constructor as new (n: number) => T)(count * width);
  for (let i = 0; i < count; i++) {
    const row = order[start + i];
    to.set(from.subarray(row * width, (row + 1) * width), i * width);
  }
  return to;
}

function checkGiven(x: Numbers, source: SampleSource, rows: Uint32Array): void {
  const width = source.shape.reduce((a, b) => a * b, 1);
  if (!(x instanceof ARRAYS[source.dtype]) || x.length !== rows.length * width)
    throw new UsageError("mismatch", "a source of samples gave something else than it says", {
      got: `${(x as object | undefined)?.constructor.name} of ${(x as Numbers | undefined)?.length}`,
      wanted: `${ARRAYS[source.dtype].name} of ${rows.length} × [${source.shape}]`,
    });
  if (!(x instanceof Float32Array)) return;
  const at = x.findIndex((v) => !Number.isFinite(v));
  if (at >= 0)
    throw new EspalierError("not-finite", "data holds a number that is not finite", {
      at: `row ${rows[Math.floor(at / width)]} of the source, element ${at % width}`,
      got: x[at],
      wanted: "a finite number",
    });
}
