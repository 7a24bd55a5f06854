/**
 * What a data set is: samples in flat typed arrays, in splits. Loading is elsewhere (idx.ts, cifar.ts, digits.ts,
 * datasets.ts); this file makes data sets from arrays in memory and cuts the training split.
 */

import { checkInteger } from "../checks.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aDataset, aList, anObject, maybe, wants } from "../given.ts";
import { Random } from "../math/random.ts";
import { named, option, say, type Words } from "../message.ts";
import { type NumericInput, readLabels, readSamples } from "./arrays.ts";
import type { Loader } from "./batches.ts";
import { checkClasses } from "./check.ts";
import type { Column } from "./columns.ts";
import type { Encoding } from "./encoding.ts";
import { areOneHot, hotPlaces } from "./labels.ts";
import type { SamplePlaces } from "./places.ts";
import type { Preprocessing } from "./preprocessing.ts";
import { chosen } from "./source.ts";
import type { Augment, Split } from "./split.ts";
import { channelStatistics } from "./statistics.ts";

/** Samples in splits, and what is known of them. */
export interface Dataset {
  readonly name: string;
  /** Shape of one sample's x; `[C, H, W]` for images. */
  readonly shape: readonly number[];
  /** Number of classes; null when the targets are float. */
  readonly classes: number | null;
  /** The model's input that x is for. Default: the one that `more` has nothing for. */
  readonly input?: string;
  /** The model's output that y are the labels of. Default: the one that a loss attaches to. */
  readonly label?: string;
  /** Shape of one sample's y. Default: [], one class a sample; of numbers to fit as many as there are. */
  readonly labelShape?: readonly number[];
  /** Further inputs and labels, by the model's inputs and outputs that they are for: what `more` of the splits holds. */
  readonly more?: Readonly<Record<string, Column>>;
  readonly classNames?: readonly string[];
  /** What was guessed where it was read, in sentences for whoever trains on it. */
  readonly notes?: readonly Words[];
  /** How values of a file became these numbers; kept in the metadata of models that are trained on them. */
  readonly encoding?: Encoding;
  /** How samples differ in length, where they do: batches are made of samples of about the same. */
  readonly places?: SamplePlaces;
  readonly train: Split;
  readonly test: Split;
  /** Present after `splitValidation`, or when given to `fromArrays`. */
  readonly val?: Split;
  /** Per channel, of x / 255 for uint8 data, of x itself for float32; absent = no normalization. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /** True where mean and std were given with the samples, not measured or usual: then they hold for models from files too. */
  readonly normalizationGiven?: boolean;
  readonly augment?: Augment;
  /** How its samples were made of images; recorded in files of models that are trained on it. */
  readonly preprocessing?: Preprocessing;
  /** Where batches come from; absent = prepared in-process by `batches`. */
  readonly batches?: Loader;
}

/** A held-out set: samples of its own, or a fraction in (0, 1) that is drawn from the training samples. */
type HeldOut = number | { readonly x: NumericInput; readonly y: NumericInput };

/** Options of `fromArrays`. */
export interface FromArraysOptions {
  readonly name?: string;
  /** Shape of one sample. Needed for flat typed arrays; nested arrays show theirs. */
  readonly shape?: readonly number[];
  /** Number of classes (default: largest label + 1); null = the targets are numbers to fit, not classes. */
  readonly classes?: number | null;
  readonly classNames?: readonly string[];
  /** Default 0.2. */
  readonly test?: HeldOut;
  readonly val?: HeldOut;
  /** Of the drawing of `test` and `val`. Default 0. */
  readonly seed?: number;
  /** Default: of the training samples for uint8 (x / 255 for a model from a file, which records none); none for float. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly augment?: Augment;
}

/** Drawing number of each kind of subset, so that two of them never share a permutation. */
const DRAW = { val: 0, test: 1, limit: 2 } as const;

/**
 * A data set of arrays in memory.
 * @param x nested arrays `[N][…]` (kept as float32), or a flat typed array with `shape`; a Uint8Array stays uint8
 * @param y integers = class labels (Int32); other numbers, float arrays and rows = targets (Float32); with `classes`, rows of one
 *   integer and rows with a single 1 are class labels too
 * @throws EspalierError naming the element when lengths differ, a set is empty, a number is NaN or infinite,
 *   or a label is negative or not below `classes`
 */
export function fromArrays(x: NumericInput, y: NumericInput, options: FromArraysOptions = {}): Dataset {
  wants("fromArrays", ["options", anObject, options], ["shape", maybe(aList), options, "shape"]);
  const { name = "arrays", classNames, augment, seed = 0, test = 0.2, val } = options;
  const train = readSamples(x, "x", options.shape);
  const sets = { train: toSplit(train.data, train.count, y, "y", options.classes) };
  const given = (set: HeldOut | undefined, label: string): Split | undefined => {
    if (set === undefined || typeof set === "number") return undefined;
    const read = readSamples(set.x, `${label}.x`, train.shape);
    if (read.data.constructor !== train.data.constructor)
      throw new EspalierError("mismatch", `${label}.x and x have different element types`, {
        got: read.data.constructor.name,
        wanted: train.data.constructor.name,
      });
    const like = sets.train.y instanceof Int32Array ? options.classes : null;
    return toSplit(read.data, read.count, set.y, `${label}.y`, like);
  };
  const [testSet, valSet] = [given(test, "test"), given(val, "val")];
  const classes = countClasses({ y: sets.train, "test.y": testSet, "val.y": valSet }, options.classes);
  const whole: Dataset = {
    name,
    shape: train.shape,
    classes,
    classNames: checkLength(classNames, classes ?? 0, "classNames"),
    train: sets.train,
    test: testSet ?? sets.train,
    val: valSet,
    augment,
  };
  const tested = typeof test === "number" ? holdOut(whole, "test", test, seed) : whole;
  const split = typeof val === "number" ? holdOut(tested, "val", val, seed) : tested;
  const rows = classes === null && options.classes === undefined && inRows(y, sets.train);
  return { ...split, ...normalization(split, options), ...(rows && { notes: [rows] }) };
}

/** What is to be said of rows that are taken as numbers to fit, and look like classes. */
function inRows(y: NumericInput, { y: { length }, y: data, count }: Split): Words | undefined {
  const width = length / count;
  const looks = width === 1 ? Array.isArray(y[0]) && data.every(Number.isInteger) : areOneHot(data, width);
  return looks
    ? say`y has ${width === 1 ? "one whole number" : "a single 1"} in each row: the rows are taken as numbers to fit; ${named("classes")} says how many classes they are of`
    : undefined;
}

/**
 * Moves a part of the training samples into `val`, so that λ need not be tuned on the test set. Both keep the
 * samples' order; which samples go depends on (seed, count, fraction) alone.
 * @param fraction in (0, 1), rounded to whole samples; both parts must have at least one
 * @throws UsageError for a data set that has validation samples of its own, which would be lost
 */
export function splitValidation(dataset: Dataset, fraction: number, seed = 0): Dataset {
  wants("splitValidation", ["dataset", aDataset, dataset]);
  if (dataset.val)
    throw new UsageError(
      "conflict",
      "the data has validation samples of its own",
      { data: dataset.name, got: say`${dataset.val.count} samples and ${option("valSplit")} ${fraction}` },
      say`leave ${option("valSplit")} out`,
    );
  return holdOut(dataset, "val", fraction, seed);
}

/** Keeps `n` training samples, drawn by the seed, in their order; all of them when there are no more than `n`. */
export function limitTrain(dataset: Dataset, n: number, seed = 0): Dataset {
  wants("limitTrain", ["dataset", aDataset, dataset]);
  checkInteger("the limit of training samples", n, 1);
  const { train } = dataset;
  if (n >= train.count) return dataset;
  const kept = new Random(seed, "split", DRAW.limit).permutation(train.count).subarray(0, n).sort();
  return { ...dataset, train: chosen(train, kept) };
}

/** The data set with a part of its training samples as another part. */
export function holdOut(dataset: Dataset, part: "val" | "test", fraction: number, seed: number): Dataset {
  const { train } = dataset;
  const { held, left } = drawHeldOut(train.count, part, fraction, seed);
  return { ...dataset, [part]: chosen(train, held), train: chosen(train, left) };
}

/**
 * Which samples are held out, and which are left, both in order: by (seed, count, fraction) alone.
 * @throws UsageError, EspalierError for a share that is none or leaves a set empty
 */
export function drawHeldOut(
  count: number,
  part: "val" | "test",
  fraction: number,
  seed: number,
): { readonly held: Uint32Array; readonly left: Uint32Array } {
  if (!(typeof fraction === "number" && fraction > 0 && fraction < 1))
    throw new UsageError("out-of-range", `the ${part} fraction is out of range`, {
      got: fraction,
      wanted: "a number in (0, 1)",
    });
  const n = Math.round(fraction * count);
  if (n < 1 || n >= count)
    throw new EspalierError("missing", `the ${part} fraction leaves a set empty`, {
      got: `${fraction} of ${count} samples = ${n}`,
      wanted: "at least one sample in each set",
    });
  const order = new Random(seed, "split", DRAW[part]).permutation(count);
  return { held: order.subarray(0, n).sort(), left: order.subarray(n).sort() };
}

/** How many of the samples were drawn for testing. @param what is counted */
export const drawnNote = (train: number, test: number, what: string): Words =>
  say`${test} of ${test + train} ${what} are drawn for testing: ${option("testSplit")}`;

function toSplit(x: Split["x"], count: number, y: NumericInput, what: string, classes: number | null | undefined) {
  const labels = readLabels(y, what, classes === null);
  if (labels.count !== count)
    throw new EspalierError("mismatch", `${what} and its samples differ in length`, {
      got: `${labels.count} targets`,
      wanted: `${count}, one a sample`,
    });
  const { data } = labels;
  const width = data.length / count;
  const isClasses = typeof classes === "number" && labels.rows;
  if (isClasses && width === 1 && data.every(Number.isInteger)) return { x, y: Int32Array.from(data), count };
  if (isClasses && width === classes && areOneHot(data, width)) return { x, y: hotPlaces(data, width), count };
  return { x, y: data, count };
}

function countClasses(
  splits: Readonly<Record<string, Split | undefined>>,
  declared: number | null | undefined,
): number | null {
  const targets = Object.entries(splits).flatMap(([what, s]) => (s ? [{ what, y: s.y }] : []));
  const labels = targets.flatMap(({ what, y }) => (y instanceof Int32Array ? [{ what, y }] : []));
  if (labels.length < targets.length) {
    if (typeof declared === "number")
      throw new EspalierError("mismatch", "targets are not class labels", {
        got: "fractions, float arrays or rows",
        wanted: `integers 0 … ${declared - 1}`,
      });
    if (labels.length > 0)
      throw new EspalierError(
        "mismatch",
        "some sets have class labels and others numbers to fit",
        {},
        "pass classes: null",
      );
    return null;
  }
  const classes = declared ?? 1 + labels.reduce((max, { y }) => y.reduce((a, b) => Math.max(a, b), max), 0);
  for (const { what, y } of labels) checkClasses(y, classes, what);
  return classes;
}

function normalization(
  { train, shape }: Dataset,
  { mean, std }: FromArraysOptions,
): Pick<Dataset, "mean" | "std" | "normalizationGiven"> {
  const channels = shape.length === 3 ? shape[0] : 1;
  if (!mean && !std) return train.x instanceof Uint8Array ? channelStatistics(train.x, shape) : {};
  const given = { mean: checkLength(mean, channels, "mean"), std: checkLength(std, channels, "std") };
  const bad = given.std?.find((s) => !(s > 0 && s < Infinity)) ?? given.mean?.find((m) => !Number.isFinite(m));
  if (bad !== undefined)
    throw new EspalierError("out-of-range", "mean and std must be finite, std positive", { got: bad });
  return {
    normalizationGiven: true,
    mean: given.mean ?? new Array<number>(channels).fill(0),
    std: given.std ?? new Array<number>(channels).fill(1),
  };
}

function checkLength<T>(list: readonly T[] | undefined, wanted: number, what: string): readonly T[] | undefined {
  const isList = Array.isArray(list) || (ArrayBuffer.isView(list) && "length" in list);
  if (list !== undefined && list !== null && !(isList && list.length === wanted))
    throw new EspalierError("mismatch", `${what} has the wrong length`, {
      got: isList ? list.length : typeof list,
      wanted,
    });
  return list;
}
