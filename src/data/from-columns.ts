/** Data sets of several inputs and labels, by the names that the model has for them. */
import { EspalierError, UsageError } from "../error.ts";
import { anObject, maybe, wants } from "../given.ts";
import { didYouMean } from "../nearest.ts";
import { type NumericInput, readColumn } from "./arrays.ts";
import { checkClasses, checkDataset } from "./check.ts";
import type { Column } from "./columns.ts";
import { type Dataset, holdOut } from "./dataset.ts";
import { fewLengths, type SamplePlaces } from "./places.ts";
import { asPlain, plainLabels } from "./plain-labels.ts";
import type { Augment, Numbers, Origin, Split } from "./split.ts";
import { channelStatistics } from "./statistics.ts";

/** Numbers of all samples: nested arrays `[N][…]`, or a flat typed array with the shape of one sample ([] for one number). */
export type ColumnInput =
  | NumericInput
  | BigInt64Array
  | BigUint64Array
  | { readonly data: NumericInput | BigInt64Array | BigUint64Array; readonly shape: readonly number[] };

/** Inputs and labels by the names of the model's inputs and outputs. */
export interface Columns {
  readonly inputs: Readonly<Record<string, ColumnInput>>;
  /** Default: none, for a model that ends in a loss. */
  readonly labels?: Readonly<Record<string, ColumnInput>>;
}

/** The same, of samples that differ in length, or of which it is known where they are from. */
export interface PlacedColumns extends Columns {
  /** Where a sample is from, for messages. */
  readonly origin?: Origin;
  /**
   * Samples of differing lengths that were filled up to one: how many places of each are its own, and the columns whose samples have
   * a row for each place. Batches are then made of samples of about the same length, and of a few lengths only, for a model that
   * takes any.
   */
  readonly places?: { readonly lengths: Int32Array; readonly of: readonly string[] };
}

/** Options of `fromColumns`. */
export interface FromColumnsOptions {
  readonly name?: string;
  /** By label: number of classes (default of whole numbers: largest label + 1), or null = numbers to fit. */
  readonly classes?: Readonly<Record<string, number | null>>;
  /** A fraction in (0, 1) of the samples, drawn, or samples of their own. Default 0.2. */
  readonly test?: number | PlacedColumns;
  /** The same; default: none. */
  readonly val?: number | PlacedColumns;
  /** Of the drawing. Default 0. */
  readonly seed?: number;
  readonly augment?: Augment;
}

export interface ReadColumn extends Column {
  readonly name: string;
  readonly data: Numbers;
  readonly count: number;
}

/**
 * A data set of several inputs, and of labels for several outputs or for none.
 * ```ts
 * fromColumns({ inputs: { input_ids, attention_mask }, labels: { logits: classes } });
 * ```
 * Whole numbers are kept as int32, bytes as uint8, others as float32; the model's inputs get the type that they want. Labels of whole
 * numbers are classes; -100 among those of places (`[N, T]`) counts for nothing; where `classes` says nothing, rows of one are taken for
 * the label that they hold and rows with a single 1 for the class that they stand for, which the data set's notes say. The first input of images `[C, H, W]` of bytes is
 * normalized by its own mean and deviation (for a model from a file: `normalizationOf`), the others are fed as they are.
 * @throws EspalierError naming column and sample for lengths that differ, labels that are no class and numbers that are not finite
 */
export function fromColumns(columns: PlacedColumns, options: FromColumnsOptions = {}): Dataset {
  wants(
    "fromColumns",
    ["columns", anObject, columns],
    ["inputs", anObject, columns, "inputs"],
    ["labels", maybe(anObject), columns, "labels"],
    ["places", maybe(anObject), columns, "places"],
    ["options", anObject, options],
    ["classes", maybe(anObject), options, "classes"],
  );
  const { name = "columns", test = 0.2, val, seed = 0, augment } = options;
  const unknown = Object.keys(options.classes ?? {}).find((name) => !Object.hasOwn(columns.labels ?? {}, name));
  if (unknown !== undefined)
    throw new UsageError(
      "unknown-name",
      "classes are given of a label that there is not",
      { got: unknown, wanted: Object.keys(columns.labels ?? {}).join(", ") || "none: the data has no labels" },
      didYouMean(unknown, Object.keys(columns.labels ?? {})),
    );
  const { read, notes } = plainLabels(readColumns(columns, options.classes, ""), columns, options.classes);
  const inputs = read.filter((c) => c.is === "input");
  const [x, y] = [inputs.find(isImages) ?? inputs[0], read.find((c) => c.is === "label")];
  if (!x) throw new UsageError("missing", "a data set wants at least one input", { got: "none" });
  const more = read.filter((c) => c !== x && c !== y);
  const whole: Dataset = {
    name,
    shape: x.shape.length ? x.shape : [1],
    classes: y?.classes ?? null,
    input: x.name,
    ...(y && { label: y.name, labelShape: y.shape }),
    ...(more.length > 0 && {
      more: Object.fromEntries(more.map(({ name, is, shape, classes }) => [name, { is, shape, classes }])),
    }),
    ...(notes.length > 0 && { notes }),
    train: { ...splitOf(read, x, y), ...knownOf(columns) },
    test: splitOf(read, x, y),
    augment,
  };
  const put = (set: Dataset, part: "test" | "val", of: number | PlacedColumns | undefined): Dataset => {
    if (of === undefined) return set;
    if (typeof of === "number") return holdOut(set, part, of, seed);
    const found = sameColumns(read, asPlain(readColumns(of, classesOf(read), `${part}.`), read), x, y);
    return { ...set, [part]: { ...found, ...knownOf(of) } };
  };
  const parts = put(put(whole, "test", test), "val", val);
  const places = columns.places && placesIn(read, columns.places.of, x, y, parts);
  const data = places ? { ...parts, places } : parts;
  const normalized = { ...data, ...(isImages(x) && channelStatistics(data.train.x, data.shape)) };
  checkDataset(normalized);
  return normalized;
}

const knownOf = ({ places, origin }: PlacedColumns): Pick<Split, "lengths" | "origin"> => ({
  ...(places && { lengths: places.lengths }),
  ...(origin && { origin }),
});

/**
 * What of the columns has a row for each place, and the lengths that batches have.
 * @throws UsageError for columns that are none, or of another length; EspalierError for numbers to fit among them, of which no loss
 *   knows which are filling
 */
function placesIn(
  read: readonly ReadColumn[],
  of: readonly string[],
  x: ReadColumn,
  y: ReadColumn | undefined,
  { train, test, val }: Dataset,
): SamplePlaces {
  const columns = of.map((name) => {
    const found = read.find((c) => c.name === name);
    if (found) return found;
    const names = read.map((c) => c.name);
    throw new UsageError("unknown-name", "there is no such column", { got: name, wanted: names.join(", ") });
  });
  const longest = columns[0]?.shape[0] ?? 0;
  for (const { name, is, shape, classes } of columns) {
    if (shape[0] !== longest)
      throw new UsageError("mismatch", "columns differ in their number of places", {
        column: name,
        got: `[${shape}]`,
        wanted: `${longest}, as ${columns[0].name} has`,
      });
    if (is === "label" && classes === null)
      throw new EspalierError(
        "unsupported",
        "of numbers to fit at each place no loss knows which are filling",
        { column: name },
        "leave out places, so that all samples are as long as the longest; or give classes",
      );
  }
  const all = [train, test, val].flatMap((split) => [...(split?.lengths ?? [])]);
  return {
    lengths: fewLengths(Int32Array.from(all), longest),
    x: columns.includes(x),
    y: y !== undefined && columns.includes(y),
    more: columns.filter((c) => c !== x && c !== y).map(({ name }) => name),
  };
}

/** Bytes [C, H, W]. */
const isImages = ({ data, shape }: ReadColumn): boolean => data instanceof Uint8Array && shape.length === 3;

const classesOf = (read: readonly ReadColumn[]) =>
  Object.fromEntries(read.flatMap((c) => (c.is === "label" ? [[c.name, c.classes ?? null]] : [])));

function readColumns(
  { inputs, labels = {} }: Columns,
  classes: FromColumnsOptions["classes"] = {},
  prefix: string,
): ReadColumn[] {
  const one =
    (is: Column["is"]) =>
    ([name, given]: readonly [string, ColumnInput]): ReadColumn => {
      const { data: numbers, shape } = isShaped(given) ? given : { data: given, shape: undefined };
      const read = readColumn(numbers, `${prefix}${name}`, shape);
      if (is === "input") return { name, is, ...read };
      const asNumbers = classes[name] === null || !(read.data instanceof Int32Array || read.data instanceof Uint8Array);
      if (asNumbers) return { name, is, ...read, data: Float32Array.from(read.data), classes: null };
      const data = Int32Array.from(read.data);
      const of = classes[name] ?? 1 + data.reduce((a, b) => Math.max(a, b), 0);
      checkClasses(data, of, `${prefix}${name}`, read.shape.length > 0); // before any are drawn: their numbers are the caller's
      return { name, is, ...read, data, classes: of };
    };
  const all = [...Object.entries(inputs).map(one("input")), ...Object.entries(labels).map(one("label"))];
  const twice = Object.keys(inputs).find((name) => Object.hasOwn(labels, name));
  if (twice !== undefined)
    throw new UsageError(
      "conflict",
      "an input and a label have the same name",
      { got: twice },
      "name labels by the model's outputs",
    );
  const other = all.find(({ count }) => count !== all[0].count);
  if (other)
    throw new EspalierError("mismatch", "columns differ in length", {
      column: other.name,
      got: other.count,
      wanted: `${all[0].count}, as ${all[0].name} has`,
    });
  return all;
}

const isShaped = (given: ColumnInput): given is Extract<ColumnInput, { readonly data: unknown }> =>
  typeof given === "object" && given !== null && !Array.isArray(given) && !ArrayBuffer.isView(given);

function splitOf(read: readonly ReadColumn[], x: ReadColumn, y: ReadColumn | undefined): Split {
  const more = read.filter((c) => c.name !== x.name && c.name !== y?.name);
  return {
    x: x.data,
    y: (y?.data ?? new Float32Array(0)) as Split["y"],
    ...(more.length > 0 && { more: Object.fromEntries(more.map(({ name, data }) => [name, data])) }),
    count: x.count,
  };
}

/** Samples of another part, whose columns have the names and shapes of the training samples'. */
function sameColumns(
  read: readonly ReadColumn[],
  other: readonly ReadColumn[],
  x: ReadColumn,
  y: ReadColumn | undefined,
): Split {
  const text = ({ is, name, shape, data }: ReadColumn) => `${is} ${name} ${data.constructor.name}[${shape}]`;
  const [wanted, got] = [read, other].map((columns) => columns.map(text));
  const differs = wanted.find((c) => !got.includes(c)) ?? got.find((c) => !wanted.includes(c));
  if (differs)
    throw new EspalierError("mismatch", "the columns of two parts differ", {
      got: got.join(", "),
      wanted: wanted.join(", "),
    });
  return splitOf(
    other,
    other.find((c) => c.name === x.name)!,
    other.find((c) => c.name === y?.name),
  );
}
