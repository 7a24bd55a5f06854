/**
 * Whether a data set is what it says: arrays of their types and lengths, finite numbers, labels that are classes. Readers and
 * `fromArrays` make nothing else; whoever puts a `Dataset` together by hand may.
 */

import { isInteger } from "../checks.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aDataset, anArray, anObject, aText, kindOf, maybe, wants } from "../given.ts";
import { IGNORED } from "./columns.ts";
import type { Dataset } from "./dataset.ts";
import type { Numbers, Split } from "./split.ts";

const PARTS = ["train", "test", "val"] as const;

/**
 * @throws UsageError for what is no data set; EspalierError naming set and sample for lengths that differ, labels that are no class
 *   and numbers that are not finite
 */
export function checkDataset(data: Dataset): void {
  if (typeof data !== "object" || data === null)
    throw new UsageError(
      "misuse",
      "that is no data set",
      { got: kindOf(data) },
      "make one with fromArrays or datasets.open",
    );
  const { shape, classes, labelShape = [], more = {} } = data;
  if (!Array.isArray(shape) || shape.length === 0 || !shape.every((d) => isInteger(d, 1)))
    throw new UsageError("out-of-range", "the shape of a data set's sample is not valid", {
      got: Array.isArray(shape) ? `[${shape}]` : kindOf(shape),
      wanted: "one or more integers ≥ 1",
    });
  if (classes !== null && !isInteger(classes, 1))
    throw new UsageError("out-of-range", "the number of classes is not valid", {
      got: kindOf(classes),
      wanted: "an integer ≥ 1, or null for targets that are numbers",
    });
  wants("a data set", ["name", aText, data, "name"], ["more", maybe(anObject), data, "more"]);
  if (!isShape(labelShape)) throw notAShape("labels", labelShape);
  for (const [name, column] of Object.entries(more)) {
    wants("a data set", [`more.${name}`, anObject, column]);
    if (!isShape(column.shape)) throw notAShape(name, column.shape);
    if (!["input", "label"].includes(column.is))
      throw new UsageError("misuse", "a column is neither input nor label", { column: name, got: kindOf(column.is) });
  }
  for (const part of PARTS) {
    const split = data[part];
    if (split !== undefined || part !== "val") checkSplit(split, data, part);
  }
}

const isShape = (shape: unknown): boolean => Array.isArray(shape) && shape.every((d) => isInteger(d, 1));
const notAShape = (column: string, got: unknown) =>
  new UsageError("out-of-range", "the shape of a data set's column is not valid", {
    column,
    got: Array.isArray(got) ? `[${got}]` : kindOf(got),
    wanted: "integers ≥ 1",
  });

/**
 * @param part how messages name it
 * @throws UsageError, EspalierError as `checkDataset`, for one of its splits or another that goes with it
 */
export function checkSplit(split: Split | undefined, data: Dataset, part: string): void {
  const { shape, classes, labelShape, more = {}, places: byPlace } = data;
  const wrong = (what: string, got: string | number, wanted: string): never => {
    throw new UsageError("mismatch", `the ${part} samples are not valid: ${what}`, { got, wanted });
  };
  if (typeof split !== "object" || split === null) throw wrong("there are none", kindOf(split), "{ x, y, count }");
  const { x, y, count } = split;
  if (!isInteger(count, 1)) wrong("their count", kindOf(count), "an integer ≥ 1");
  if (!isNumbers(x)) wrong("x", kindOf(x), "a Uint8Array, Int32Array or Float32Array");
  if (classes !== null && !(y instanceof Int32Array)) wrong("y", kindOf(y), "an Int32Array of classes");
  if (classes === null && !(y instanceof Float32Array)) wrong("y", kindOf(y), "a Float32Array of targets");
  const width = shape.reduce((a, b) => a * b, 1);
  if (split.source) checkSource(split, data, wrong);
  else if (x.length !== count * width) wrong("the length of x", x.length, `${count} samples of ${width} numbers`);
  const places = sizeOf(labelShape ?? []);
  if (classes === null ? y.length % count !== 0 : y.length !== count * places)
    wrong(
      "the length of y",
      y.length,
      classes === null ? `a multiple of ${count}` : `${count * places}, ${places === 1 ? "one" : places} a sample`,
    );
  for (const [name, { is, shape, classes = null }] of Object.entries(more)) {
    const of = split.more?.[name];
    if (!isNumbers(of)) throw wrong(name, kindOf(of), "a Uint8Array, Int32Array or Float32Array");
    if (of.length !== count * sizeOf(shape)) wrong(`the length of ${name}`, of.length, `${count} times [${shape}]`);
    if (is === "label" && !(classes === null ? of instanceof Float32Array : of instanceof Int32Array))
      wrong(name, kindOf(of), classes === null ? "a Float32Array of targets" : "an Int32Array of classes");
    if (of instanceof Float32Array) checkFiniteRows(of, of.length / count, `${part}.${name}`);
    else if (is === "label" && of instanceof Int32Array)
      checkClasses(of, classes!, `${part}.${name}`, shape.length > 0);
  }
  const { lengths } = split;
  const longest = byPlace?.lengths.at(-1) ?? Number.POSITIVE_INFINITY;
  if (
    lengths &&
    !(lengths instanceof Int32Array && lengths.length === count && lengths.every((n) => n >= 1 && n <= longest))
  )
    wrong(
      "the lengths of samples",
      `${kindOf(lengths)} of ${lengths.length}`,
      `an Int32Array of ${count} numbers from 1 to ${longest}`,
    );
  if (x instanceof Float32Array) checkFiniteRows(x, width, `${part}.x`);
  if (y instanceof Float32Array) checkFiniteRows(y, y.length / count, `${part}.y`);
  else if (classes !== null) checkClasses(y, classes, `${part}.y`, (labelShape?.length ?? 0) > 0);
}

function checkSource(
  { source, rows, x, count }: Split,
  { shape }: Dataset,
  wrong: (what: string, got: string | number, wanted: string) => never,
): void {
  if (typeof source?.read !== "function") wrong("the source", kindOf(source), "one with read(rows)");
  if (source?.shape.join() !== shape.join()) wrong("the source's shape", `[${source?.shape}]`, `[${shape}]`);
  if (x.length !== 0) wrong("x beside a source", x.length, "an empty array");
  if (rows && rows.length !== count) wrong("the rows of the source", rows.length, `${count}, one a sample`);
}

const isNumbers = (of: unknown): of is Numbers =>
  of instanceof Uint8Array || of instanceof Int32Array || of instanceof Float32Array;
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function checkFiniteRows(numbers: Float32Array, width: number, what: string): void {
  const at = numbers.findIndex((v) => !Number.isFinite(v));
  if (at >= 0)
    throw new EspalierError("not-finite", "data holds a number that is not finite", {
      at: `${what}, sample ${Math.floor(at / width)}, element ${at % width}`,
      got: numbers[at],
      wanted: "a finite number",
    });
}

/**
 * @param ofPlaces whether there is a label for each place of a sample: some of these may count for nothing
 * @throws EspalierError naming the first sample whose label is no class
 */
export function checkClasses(labels: Int32Array, classes: number, what: string, ofPlaces = false): void {
  const at = labels.findIndex((label) => (label < 0 || label >= classes) && !(ofPlaces && label === IGNORED));
  if (at >= 0)
    throw new EspalierError("out-of-range", "a label is out of range", {
      at: `${what}[${at}]`,
      got: labels[at],
      wanted: `0 … ${classes - 1}${ofPlaces ? `, or ${IGNORED} for what counts for nothing` : ""}`,
    });
}

/** @throws EspalierError naming the first sample with a target that is no probability */
export function checkProbabilities(targets: Numbers, count: number, what: string): void {
  const at = targets.findIndex((v) => v < 0 || v > 1);
  if (at >= 0)
    throw new EspalierError("out-of-range", "a target is no probability", {
      at: `${what}, sample ${Math.floor(at / (targets.length / count))}`,
      got: targets[at],
      wanted: "[0, 1]",
    });
}

/** Labels of fewer samples than this share are perhaps mistakes. */
const RARE = 0.01;

/** "3, 10 … 199" */
function ranges(sorted: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of sorted) {
    const last = runs.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  const shown = runs.slice(0, 4).map(([a, b]) => (a === b ? `${a}` : b === a + 1 ? `${a}, ${b}` : `${a} … ${b}`));
  return [...shown, ...(runs.length > 4 ? ["…"] : [])].join(", ");
}

/** Some classes by their names; undefined where they have none but their numbers. */
function namesText(classes: readonly number[], names: readonly string[] | undefined): string | undefined {
  if (!names || names.every((name, i) => name === String(i))) return undefined;
  const shown = classes.slice(0, 6).map((label) => names[label]);
  return `${shown.join(", ")}${classes.length > shown.length ? ", …" : ""}`;
}

/** "line 7 of reviews.csv"; its number among the training samples where nothing else is known. */
function sampleText({ origin }: Dataset["train"], sample: number): string {
  const { file, ...at } = origin?.(sample) ?? { sample };
  const place = Object.entries(at).map(([what, n]) => `${what} ${n}`);
  return `${place.join(", ")}${file === undefined ? "" : ` of ${file}`}`;
}

/**
 * What of the classes somebody should know who did not mean it: such as never occur, as one damaged label makes them.
 * @param outputs of a model that is trained on it
 */
export function classNotes(data: Dataset, outputs?: number): string[] {
  wants("classNotes", ["data", aDataset, data]);
  wants("classNotes", ["data.train.y", anArray, data.train, "y"]);
  const { train, classes, name, classNames } = data;
  if (classes === null) return [];
  const seen = new Set(train.y);
  const never = Array.from({ length: classes }, (_, i) => i).filter((label) => !seen.has(label));
  const beyond = train.y.filter((label) => label > (never.at(-1) ?? classes)).length;
  const at = train.y.findIndex((label) => label > (never.at(-1) ?? classes));
  const places = train.y.length / train.count;
  const above =
    beyond > 0 && beyond <= RARE * train.y.length
      ? `; of those above them the first is ${sampleText(train, Math.floor(at / places))}: ${train.y[at]}`
      : "";
  return [
    ...(never.length > 0
      ? [
          `${never.length} of the ${classes} classes of ${name} have no training sample: ${namesText(never, classNames) ?? ranges(never)}${above}`,
        ]
      : []),
    ...(outputs !== undefined && outputs > classes
      ? [`the model tells ${outputs} classes apart, ${name} has ${classes}`]
      : []),
  ];
}
