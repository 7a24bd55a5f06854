/** Samples as a program gives them, one by one, into columns: every odd one is named by its number. */

import { type ErrorDetails, EspalierError, UsageError } from "../error.ts";
import { kindOf } from "../given.ts";
import { crc32, crc32c } from "../math/crc.ts";
import { type NumericInput, readColumn } from "./arrays.ts";
import type { Numbers } from "./split.ts";

/** One number, nested arrays, or a flat typed array (with the shape that it has, if that is not its length). */
export type SampleValue =
  | number
  | NumericInput
  | { readonly data: Exclude<NumericInput, readonly unknown[]>; readonly shape: readonly number[] };

/** One sample: its x and y, or inputs and labels by the names that the model has for them. */
export type GivenSample =
  | { readonly x: SampleValue; readonly y?: SampleValue }
  | {
      readonly inputs: Readonly<Record<string, SampleValue>>;
      readonly labels?: Readonly<Record<string, SampleValue>>;
    };

/** A list of samples, or what gives them. */
export type GivenSamples = readonly GivenSample[] | SampleSequence;

/** Samples one after another, of which it is known how many there are; with `at`, any of them at any time. */
export interface SampleSequence {
  readonly length: number;
  at?(index: number): GivenSample | Promise<GivenSample>;
  [Symbol.asyncIterator]?(): AsyncIterator<GivenSample>;
  [Symbol.iterator]?(): Iterator<GivenSample>;
}

/** What samples hold under one name. */
export interface SampleColumn {
  readonly is: "inputs" | "labels";
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Numbers;
}

/** How messages name a sample. */
export type SamplePlace = (index: number) => ErrorDetails;

/** All columns may take so much together. */
const MOST_BYTES = 2 ** 31;
const KINDS = ["inputs", "labels"] as const;
type Typed = Uint8Array | Int32Array | Float32Array;
interface Value {
  readonly is: "inputs" | "labels";
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Typed;
}

/** A sample's values, inputs first. @throws EspalierError for what is none */
export function sampleValues(sample: GivenSample, at: ErrorDetails): Value[] {
  const wrong = (got: unknown, wanted: string) =>
    new EspalierError("mismatch", "that is no sample", { ...at, got: kindOf(got), wanted });
  if (typeof sample !== "object" || sample === null)
    throw wrong(sample, "{ x, y }, or { inputs: { … }, labels: { … } }");
  const named =
    "inputs" in sample
      ? { inputs: sample.inputs, labels: sample.labels ?? {} }
      : { inputs: { x: sample.x }, labels: sample.y === undefined ? {} : { y: sample.y } };
  return KINDS.flatMap((is) => {
    const of: unknown = named[is];
    if (typeof of !== "object" || of === null || (is === "inputs" && Object.keys(of).length === 0))
      throw wrong(of, `${is} by their names`);
    return Object.entries(of).map(([name, value]) => ({ is, name, ...numbersOf(value, name, at) }));
  });
}

const isShaped = (value: SampleValue): value is Extract<SampleValue, { readonly shape: unknown }> =>
  typeof value === "object" && value !== null && "shape" in value && "data" in value;

function numbersOf(value: SampleValue, name: string, at: ErrorDetails) {
  try {
    if (typeof value === "number") return { data: readColumn([value], name).data, shape: [] };
    if (isShaped(value)) {
      const { data, shape } = readColumn(value.data, name, value.shape);
      return { data, shape };
    }
    const { data, count, shape } = readColumn(value, name);
    return { data, shape: [count, ...shape] };
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error;
    throw new EspalierError(error.code, error.what, { ...at, ...error.details }, error.fix);
  }
}

/** Columns that are filled sample by sample. */
export class SampleColumns {
  private readonly count: number;
  private readonly place: SamplePlace;
  private columns: SampleColumn[] | undefined;
  private filled = 0;
  private kept = true;
  private readonly sums: Uint32Array<ArrayBuffer>;
  private readonly again: boolean;

  /** @param again samples can be had again: the numbers of an only input are not kept */
  constructor(count: number, place: SamplePlace, again: boolean) {
    this.count = count;
    this.place = place;
    this.again = again;
    this.sums = new Uint32Array(2 * count);
  }

  /** @throws EspalierError naming the sample that is none, is one too many, or is unlike the first */
  add(sample: GivenSample): void {
    const index = this.filled;
    const place = this.place(index);
    if (index >= this.count)
      throw new EspalierError(
        "mismatch",
        "there are more samples than was said",
        { ...place, wanted: `${this.count}, the length` },
        "correct length",
      );
    const values = sampleValues(sample, place);
    if (!this.columns) {
      this.kept = !(this.again && values.filter(({ is }) => is === "inputs").length === 1);
      this.columns = values.map((value, i) => this.begun(value, values, i));
    }
    const names = (of: readonly { readonly is: string; readonly name: string }[]) =>
      of.map(({ is, name }) => `${is}.${name}`).join(", ");
    if (names(values) !== names(this.columns))
      throw new EspalierError("mismatch", "a sample has other values than the first", {
        ...place,
        got: names(values),
        wanted: names(this.columns),
      });
    for (const [i, value] of values.entries()) this.put(i, value, place);
    this.filled++;
  }

  private begun({ data, ...value }: Value, all: readonly Value[], i: number): SampleColumn {
    const bytes = all.reduce((sum, v, k) => sum + (!this.kept && k === 0 ? 0 : v.data.byteLength), 0) * this.count;
    if (bytes > MOST_BYTES)
      throw new UsageError(
        "too-large",
        "the samples do not fit into memory",
        { ...this.place(0), got: `${Math.round(bytes / 2 ** 20)} MiB`, wanted: `at most ${MOST_BYTES / 2 ** 20} MiB` },
        "give { length, at(index) } instead of an iterable, so that samples are read when they are wanted",
      );
    const Kind = data.constructor as new (n: number) => Typed;
    return { ...value, data: new Kind(!this.kept && i === 0 ? 0 : data.length * this.count) };
  }

  private put(i: number, { data, shape, name }: Value, place: ErrorDetails): void {
    const column = this.columns![i];
    const bytesBefore = column.data instanceof Uint8Array;
    if (shape.join() !== column.shape.join() || bytesBefore !== data instanceof Uint8Array)
      throw new EspalierError(
        "mismatch",
        "samples differ in shape or in kind",
        {
          ...place,
          column: name,
          got: `${data.constructor.name} [${shape}]`,
          wanted: `${column.data.constructor.name} [${column.shape}], as the first sample has`,
        },
        "bring all samples to one shape before they are given",
      );
    // Whole numbers that are followed by fractions were fractions.
    if (column.data instanceof Int32Array && data instanceof Float32Array)
      this.columns![i] = { ...column, data: Float32Array.from(column.data) };
    if (!this.kept && i === 0) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.sums.set([crc32(bytes), crc32c(bytes)], 2 * this.filled);
    } else this.columns![i].data.set(data, this.filled * data.length);
  }

  /** @throws EspalierError when there are fewer samples than was said */
  done(): readonly SampleColumn[] {
    if (!this.columns || this.filled < this.count)
      throw new EspalierError(
        "mismatch",
        "there are fewer samples than was said",
        { ...this.place(this.filled), got: this.filled, wanted: `${this.count}, the length` },
        "correct length",
      );
    return this.columns;
  }

  /** Text that differs where the samples do whose input is not kept; undefined where all is. */
  identity(): string | undefined {
    if (this.kept) return undefined;
    const bytes = new Uint8Array(this.sums.buffer);
    return `${this.count} samples ${crc32(bytes).toString(16)} ${crc32c(bytes).toString(16)}`;
  }
}
