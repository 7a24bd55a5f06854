/** Data sets of samples that a program gives one by one. */
import { type ErrorDetails, EspalierError, UsageError } from "../error.ts";
import { anObject, kindOf, maybe, wants } from "../given.ts";
import { checkDataset } from "./check.ts";
import type { Dataset } from "./dataset.ts";
import { type Columns, type FromColumnsOptions, fromColumns } from "./from-columns.ts";
import {
  type GivenSample,
  type GivenSamples,
  type SampleColumn,
  SampleColumns,
  type SamplePlace,
  type SampleSequence,
  sampleValues,
} from "./sample-columns.ts";
import { sourceSplit } from "./source.ts";
import type { Numbers, SampleSource, Split } from "./split.ts";
import { splitStatistics } from "./statistics.ts";

/** Options of `fromSamples`. */
export interface FromSamplesOptions extends Omit<FromColumnsOptions, "test" | "val"> {
  /** A fraction in (0, 1) of the samples, drawn, or samples of their own. Default 0.2. */
  readonly test?: number | GivenSamples;
  /** The same; default: none. */
  readonly val?: number | GivenSamples;
}

type Part = "train" | "test" | "val";
interface Read {
  readonly columns: readonly SampleColumn[];
  readonly count: number;
  /** Of the first column, which is not kept then. */
  readonly source?: SampleSource;
}

/** Whether something is samples: a list, or a length with a way to get them. */
export const areSamples = (given: unknown): given is GivenSamples =>
  typeof given === "object" &&
  given !== null &&
  "length" in given &&
  (Symbol.asyncIterator in given || Symbol.iterator in given || "at" in given) &&
  !ArrayBuffer.isView(given);

/**
 * A data set of samples that a program gives one by one: a list, an iterable or async iterable with a `length`, or `{ length, at(index) }`.
 * ```ts
 * await fromSamples({ length: files.length, at: async (i) => ({ x: await pixels(files[i]), y: labels[i] }) });
 * ```
 * What is iterated over is read once, into memory. Samples with `at` are read once as well, for their labels and to know them again in a
 * run that is resumed; their first input is not kept but asked for again, a few batches ahead of the step, so that it need not fit into
 * memory: `at` must give the same for the same index. Values become what `fromColumns` makes of them; a mean and deviation of images
 * that are not kept are those of 256 of them.
 * @throws EspalierError naming part and sample for one that cannot be had, is none, or is unlike the first, and for another number of
 *   them than `length`; UsageError for what gives no samples
 */
export async function fromSamples(samples: GivenSamples, options: FromSamplesOptions = {}): Promise<Dataset> {
  wants("fromSamples", ["options", anObject, options], ["classes", maybe(anObject), options, "classes"]);
  const { test, val, ...rest } = options;
  const where =
    (part: Part): SamplePlace =>
    (sample) => ({ data: options.name, part, sample });
  const train = await readPart(samples, where("train"));
  const put = async (of: number | GivenSamples | undefined, part: Part) =>
    of === undefined || typeof of === "number" ? undefined : readPart(of, where(part));
  const held = { test: await put(test, "test"), val: await put(val, "val") };
  const share = (of: number | GivenSamples | undefined, read: Read | undefined) =>
    read ? asColumns(read) : (of as number);
  const data = fromColumns(asColumns(train), {
    ...rest,
    ...(test !== undefined && { test: share(test, held.test) }),
    ...(val !== undefined && { val: share(val, held.val) }),
  });
  if (!train.source) return data;
  const [{ shape }] = train.columns;
  const from = (split: Split, source: SampleSource): Split => {
    const { x, y, more, count } = split;
    return { ...sourceSplit(source, { y, ...(more && { more }), count }), rows: Uint32Array.from(x) };
  };
  const made: Dataset = {
    ...data,
    shape: shape.length > 0 ? shape : [1],
    train: from(data.train, train.source),
    test: from(data.test, held.test?.source ?? train.source),
    ...(data.val && { val: from(data.val, held.val?.source ?? train.source) }),
  };
  const isImages = train.source.dtype === "uint8" && shape.length === 3;
  const { mean, std } = isImages ? await splitStatistics(made.train, shape) : {};
  const measured = { ...made, ...(mean && std && { mean, std }) };
  checkDataset(measured);
  return measured;
}

/** Columns as `fromColumns` takes them; in the place of an input that is not kept stand the numbers of its samples. */
function asColumns({ columns, count, source }: Read): Columns {
  const of = (is: SampleColumn["is"]) =>
    Object.fromEntries(
      columns.flatMap((column, i) => {
        const { data, shape, name } = column;
        const rows = () => ({ data: Int32Array.from({ length: count }, (_, row) => row), shape: [1] });
        return column.is === is ? [[name, source && i === 0 ? rows() : { data, shape }]] : [];
      }),
    );
  return { inputs: of("inputs"), labels: of("labels") };
}

async function readPart(samples: GivenSamples, place: SamplePlace): Promise<Read> {
  const { sample: _, ...part } = place(0);
  if (!areSamples(samples))
    throw new UsageError(
      "misuse",
      "that gives no samples",
      { ...part, got: kindOf(samples) },
      "give a list of samples, an iterable with a length, or { length, at(index) }",
    );
  const { length } = samples;
  if (!Number.isSafeInteger(length) || length < 1)
    throw new UsageError("out-of-range", "it must be known how many samples there are", {
      ...part,
      got: kindOf(length),
      wanted: "a length ≥ 1",
    });
  const numbered = isNumbered(samples) ? samples : undefined;
  const columns = new SampleColumns(length, place, numbered !== undefined);
  const { next, end } = numbered ? byIndex(numbered, place) : inOrder(samples, place);
  try {
    for (let i = 0; ; i++) {
      const { done, value } = await next(i);
      if (done) break;
      columns.add(value);
    }
  } finally {
    await end();
  }
  const [read, identity] = [columns.done(), columns.identity()];
  const source = numbered && identity !== undefined && sourceOf(numbered, read[0], place, identity);
  return { columns: read, count: length, ...(source && { source }) };
}

type Numbered = Required<Pick<SampleSequence, "length" | "at">>;
const isNumbered = (samples: GivenSamples): samples is SampleSequence & Numbered =>
  !Array.isArray(samples) && typeof samples.at === "function";

async function had<T>(get: () => T | Promise<T>, place: ErrorDetails): Promise<T> {
  try {
    return await get();
  } catch (error) {
    throw new EspalierError(
      "system",
      "a sample cannot be had",
      { ...place, reason: error instanceof Error ? error.message : String(error) },
      "the program that gives the samples failed: correct it there",
    );
  }
}

interface Reading {
  next(index: number): Promise<IteratorResult<GivenSample, unknown>>;
  end(): Promise<unknown>;
}

const byIndex = (samples: Numbered, place: SamplePlace): Reading => ({
  next: async (i) =>
    i < samples.length
      ? { done: false, value: await had(() => samples.at(i), place(i)) }
      : { done: true, value: undefined },
  end: async () => undefined,
});

function inOrder(samples: GivenSamples, place: SamplePlace): Reading {
  const sequence: Pick<SampleSequence, typeof Symbol.asyncIterator | typeof Symbol.iterator> = samples;
  const from = sequence[Symbol.asyncIterator]?.() ?? sequence[Symbol.iterator]?.();
  if (typeof from?.next !== "function") throw new UsageError("misuse", "that gives no samples", { got: kindOf(from) });
  return {
    next: (i) => had(() => from.next(), place(i)),
    end: async () => from.return?.(),
  };
}

function sourceOf(
  samples: Numbered,
  { shape, data, name }: SampleColumn,
  place: SamplePlace,
  identity: string,
): SampleSource {
  const Kind = data.constructor as new (n: number) => Numbers;
  const width = shape.reduce((a, b) => a * b, 1);
  const dtype = data instanceof Uint8Array ? "uint8" : data instanceof Int32Array ? "int32" : "float32";
  return {
    dtype,
    shape: shape.length > 0 ? shape : [1],
    identity,
    async read(rows) {
      const x = new Kind(rows.length * width);
      for (const [i, row] of rows.entries()) {
        const sample = await had(() => samples.at(row), place(row));
        const value = sampleValues(sample, place(row)).find((v) => v.is === "inputs" && v.name === name);
        if (value?.shape.join() !== shape.join() || value.data instanceof Uint8Array !== (dtype === "uint8"))
          throw new EspalierError("mismatch", "a sample is another than when it was first asked for", {
            ...place(row),
            got: value ? `${value.data.constructor.name} [${value.shape}]` : "no such input",
            wanted: `${Kind.name} [${shape}]`,
          });
        x.set(value.data, i * width);
      }
      return x;
    },
  };
}
