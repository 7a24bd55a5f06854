/** Data sets of named arrays: what an .npz file holds, or several .npy files beside each other. */
import { type Dataset, drawnNote } from "../data/dataset.ts";
import { labelsAreIndices } from "../data/encoding.ts";
import {
  type ColumnInput,
  type Columns,
  type FromColumnsOptions,
  fromColumns,
  type PlacedColumns,
} from "../data/from-columns.ts";
import { isLabelName, type LabelArray, readLabelKind } from "../data/labels.ts";
import { EspalierError, UsageError } from "../error.ts";
import { option, say, type Words } from "../message.ts";
import { didYouMean } from "../nearest.ts";
import { isTexts, type NamedArray, namedLabels } from "./array-texts.ts";
import type { NpyNumbers } from "./npy.ts";
import type { OpenOptions } from "./reader.ts";

const PARTS = ["train", "test", "val"] as const;
type Part = (typeof PARTS)[number];

interface Meaning {
  readonly part: Part;
  readonly is: keyof Columns;
  readonly column: string;
}

/** `inputs/input_ids_test` is the column input_ids of the test samples. */
export function meaningOf(name: string, labels?: readonly string[]): Meaning {
  const [, folder, rest] = /^(?:(inputs|labels)\/)?(.*)$/s.exec(name)!;
  const [, stem, part = "train"] = /^(.*?)(?:_(train|test|val))?$/s.exec(rest)!;
  return {
    part: part as Part,
    is: (folder ?? (isLabelName(stem, labels) ? "labels" : "inputs")) as keyof Columns,
    column: stem,
  };
}

type PartColumns = Readonly<Record<keyof Columns, Record<string, NamedArray>>>;

/**
 * The data set of some arrays. y, label(s), target(s) and class are labels, or those that `labelColumns` names; `inputs/NAME` and
 * `labels/NAME` say it of any name. NAME_train, NAME_test and NAME_val hold samples of their own; where none are for testing a share
 * is drawn.
 * @param path what they are in, for messages and as the data set's name
 * @param hint what to do where there are no training samples
 */
export function datasetOfArrays(
  arrays: readonly NamedArray[],
  path: string,
  options: OpenOptions,
  hint: string,
): Dataset {
  const { train, ...held } = partsOf(arrays, path, options);
  if (!train)
    throw new EspalierError(
      "missing",
      "the file has no training samples",
      { file: path, got: Object.keys(held).join(", ") || "no arrays" },
      hint,
    );
  const parts: Partial<Record<Part, PartColumns>> & { readonly train: PartColumns } = { train, ...held };
  const notes: Words[] = [];
  const classes: Record<string, number | null> = {};
  const classNames: Record<string, readonly string[]> = {};
  const labels: Partial<Record<Part, Record<string, ColumnInput>>> = {};
  for (const column of Object.keys(train.labels)) {
    const given: Record<string, NamedArray> = Object.fromEntries(
      PARTS.flatMap((part) => (parts[part]?.labels[column] ? [[part, parts[part].labels[column]]] : [])),
    );
    const asked = options.classes ?? options.encoding?.classes;
    const read = Object.values(given).some(isTexts)
      ? namedLabels(given, column, asked)
      : readLabelKind(Object.fromEntries(Object.entries(given).map(([part, array]) => [part, labelArray(array)])), {
          where: (part, sample) => ({ file: path, column, ...(part && { at: `${part}, sample ${sample}` }) }),
          kind: options.labelKind ?? options.expects,
          classes: asked,
          asIndices: labelsAreIndices(options.encoding),
        });
    for (const [part, made] of Object.entries(read.parts)) (labels[part as Part] ??= {})[column] = made;
    classes[column] = read.classes;
    if (read.values) classNames[column] = read.values;
    notes.push(...read.notes);
  }
  const columns = (part: Part): PlacedColumns => ({
    origin: (sample) => ({ file: path, sample }),
    inputs: inputs(parts[part]!),
    labels: { ...(parts[part]!.labels && rest(parts[part]!, labels[part])), ...labels[part] },
  });
  const { testSplit } = options;
  if (held.test && testSplit !== undefined) throw hasTest(path);
  const of: FromColumnsOptions = {
    name: path,
    classes,
    ...(held.test ? { test: columns("test") } : testSplit !== undefined && { test: testSplit }),
    ...(held.val && { val: columns("val") }),
  };
  const data = inFile(path, () => fromColumns(columns("train"), of));
  if (!held.test) notes.push(drawnNote(data.train.count, data.test.count, "samples"));
  const values = data.label === undefined ? undefined : classNames[data.label];
  return {
    ...data,
    ...(notes.length > 0 && { notes }),
    ...(values && { classNames: values, encoding: { classes: values } }),
  };
}

/** @returns the error for a share to be drawn of data that has test samples */
const hasTest = (path: string): UsageError =>
  new UsageError(
    "conflict",
    "the data has test samples of its own",
    { file: path, got: say`${option("testSplit")}` },
    "leave it out",
  );

/** What throws within names the file. */
export function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (e) {
    throw ofFile(path, e);
  }
}

/** The error, naming the file where it names none. */
export function ofFile(path: string, error: unknown): unknown {
  if (
    !(error instanceof EspalierError) ||
    [error.details["file"], error.details["data"]].some((at) => at !== undefined)
  )
    return error;
  const Kind = error instanceof UsageError ? UsageError : EspalierError;
  return new Kind(error.code, error.what, { file: path, ...error.details }, error.fix);
}

function shaped(array: NamedArray): ColumnInput {
  if (isTexts(array)) throw noNumbers(array);
  return { data: array.data, shape: array.shape.slice(1) };
}
const noNumbers = ({ where, data }: NamedArray): EspalierError =>
  new EspalierError(
    "mismatch",
    "an array of texts is no input",
    { file: where, got: JSON.stringify(data[0]), wanted: "numbers" },
    say`name the array that holds the labels by ${option("labelColumns")}; texts are read from a table, with the model's tokenizer`,
  );
const inputs = ({ inputs }: PartColumns): Record<string, ColumnInput> =>
  Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, shaped(array)]));
/** Labels of a part that the training samples have not: the difference is said where parts are compared. */
const rest = ({ labels }: PartColumns, read: Record<string, ColumnInput> = {}): Record<string, ColumnInput> =>
  Object.fromEntries(Object.entries(labels).flatMap(([name, array]) => (name in read ? [] : [[name, shaped(array)]])));

function labelArray(array: NamedArray): LabelArray {
  if (isTexts(array)) throw noNumbers(array);
  const { data, shape, where } = array;
  if (shape[0] === 0) throw new EspalierError("missing", "an array is empty", { file: where, got: `[${shape}]` });
  const numbers =
    data instanceof BigInt64Array || data instanceof BigUint64Array ? Float64Array.from(data, Number) : data;
  return {
    data: numbers,
    shape: shape.length === 2 && shape[1] === 1 ? (isFraction(data) ? [1] : []) : shape.slice(1),
    fractions: isFraction(data),
  };
}
const isFraction = (data: NpyNumbers): boolean => data instanceof Float32Array || data instanceof Float64Array;

function partsOf(arrays: readonly NamedArray[], path: string, { inputColumns, labelColumns }: OpenOptions) {
  const parts: Partial<Record<Part, PartColumns>> = {};
  for (const array of arrays) {
    const { part, is, column } = meaningOf(array.name, labelColumns);
    if (array.shape.length === 0)
      throw new EspalierError("invalid-file", "a column has no samples", { file: array.where, got: "one number" });
    if (is === "inputs" && inputColumns && !inputColumns.includes(column)) continue;
    parts[part] ??= { inputs: Object.create(null), labels: Object.create(null) };
    if (column in parts[part].inputs || column in parts[part].labels)
      throw new EspalierError("conflict", "two arrays are for one column", { file: path, got: array.name, column });
    parts[part][is][column] = array;
  }
  const there = [...new Set(arrays.map(({ name }) => meaningOf(name).column))];
  for (const wanted of [...(inputColumns ?? []), ...(labelColumns ?? [])])
    if (!there.includes(wanted))
      throw new UsageError(
        "unknown-name",
        "the data has no such column",
        { file: path, got: wanted, wanted: there.join(", ") },
        didYouMean(wanted, there),
      );
  return parts;
}
