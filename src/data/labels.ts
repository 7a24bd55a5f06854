/** What arrays of labels are: classes, numbers to fit, or a class for each place of a sample. */
import { EspalierError, UsageError } from "../error.ts";
import { option, say, type Words } from "../message.ts";
import { IGNORED } from "./columns.ts";

/** One class a sample, numbers to fit, or a class for each place of a sample. */
export type LabelKind = (typeof LABEL_KINDS)[number];
export const LABEL_KINDS = ["classes", "numbers", "places"] as const;

/** What labels are called where nothing says which they are. */
const LABEL_NAMES: readonly string[] = ["y", "label", "labels", "target", "targets", "class"];

/** Whether a column of this name holds labels. @param said the names that do. Default: those that are usual, in any case */
export const isLabelName = (name: string, said?: readonly string[]): boolean =>
  said ? said.includes(name) : LABEL_NAMES.includes(name.toLowerCase());

/** Labels of some samples, flat, with the shape of one sample's. */
export interface LabelArray {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
  /** Whether they are kept as fractions can be: float32, float64. */
  readonly fractions: boolean;
}

/** What became of labels. */
export interface ReadLabels<Part extends string> {
  readonly parts: Readonly<
    Record<Part, { readonly data: Int32Array | Float32Array; readonly shape: readonly number[] }>
  >;
  /** Number of classes; null = numbers to fit. */
  readonly classes: number | null;
  /** The value that each class had, where it is not the class itself. */
  readonly values?: readonly string[];
  /** What was guessed. */
  readonly notes: readonly Words[];
}

/** Whole numbers of which more than this share differ are hardly classes. */
const MANY = 0.5;
/** Of fewer samples that is not said. */
const FEW = 50;

/** Numbers of which the largest is so many times that of the samples are names of classes. */
const SPARSE = 100;
/** The largest class. */
const MOST = 0x7fffffff;

interface LabelOptions {
  /** How messages name the labels: the file and the column; with a sample of a part, that too. */
  readonly where: (part?: string, sample?: number) => Readonly<Record<string, string | number>>;
  readonly kind?: LabelKind;
  /** The value of each class. Default: the whole numbers from 0 on; where labels are 1 … K or some are negative, those that occur. */
  readonly classes?: readonly string[];
  /** Take whole numbers as the classes that they are, whatever they are. Default false. */
  readonly asIndices?: boolean;
}

/**
 * Labels of the parts of a data set, which are one kind of thing in all of them. Rows of one label are labels; rows with a single 1
 * among zeros are the classes that they stand for; classes that begin at 1 or have negative numbers get numbers from 0 on. What is
 * guessed of these is said.
 * @throws EspalierError naming part and sample for what is no class; UsageError where it cannot be told what they are
 */
export function readLabelKind<Part extends string>(
  given: Readonly<Record<Part, LabelArray>>,
  { where, kind, classes, asIndices = false }: LabelOptions,
): ReadLabels<Part> {
  const notes: Words[] = [];
  const all = Object.entries<LabelArray>(given);
  const parts = <T extends Int32Array | Float32Array>(
    make: (of: LabelArray, part: string) => { data: T; shape: readonly number[] },
  ) =>
    Object.fromEntries(all.map(([part, of]) => [part, make(of, part)])) as Record<
      Part,
      { data: T; shape: readonly number[] }
    >;
  const numbers = () => ({
    parts: parts(({ data, shape }) => ({ data: Float32Array.from(data), shape })),
    classes: null,
    notes,
  });

  if (kind === "numbers") return numbers();
  const shape = all[0][1].shape;
  const width = shape.reduce((a, b) => a * b, 1);
  const whole = all.every(([, { data }]) => isEvery(data, Number.isInteger));
  if (kind !== "places" && width > 1 && all.every(([, { data }]) => areOneHot(data, width))) {
    if (kind === undefined)
      notes.push(
        say`the labels have a single 1 in each row of ${width}: they are taken as ${width} classes. ${option("labelKind")} numbers takes them as they are`,
      );
    return { parts: parts(({ data }) => ({ data: hotPlaces(data, width), shape: [] })), classes: width, notes };
  }
  if (!whole || (all.some(([, of]) => of.fractions) && kind === undefined)) {
    if (kind === undefined) {
      if (whole)
        notes.push(
          say`the labels are whole, but kept as fractions can be: they are taken as numbers to fit. ${option("labelKind")} classes takes them as classes`,
        );
      return numbers();
    }
    const [part, { data }] = all.find(([, of]) => !isEvery(of.data, Number.isInteger)) ?? all[0];
    const at = Array.from(data).findIndex((v) => !Number.isInteger(v));
    throw new EspalierError(
      "mismatch",
      "a label is no class",
      { ...where(part, Math.floor(at / width)), got: data[at], wanted: "a whole number" },
      say`to fit numbers, say ${option("labelKind")} numbers`,
    );
  }
  const beyond = all.find(([, { data }]) => !isEvery(data, (v) => v <= MOST));
  if (beyond && (kind === "places" || width > 1 || asIndices)) {
    const at = Array.from(beyond[1].data).findIndex((v) => v > MOST);
    throw new EspalierError("out-of-range", "a label is none of the classes", {
      ...where(beyond[0], Math.floor(at / width)),
      got: beyond[1].data[at],
      wanted: `at most ${MOST}`,
    });
  }
  if (kind === "places" || width > 1) {
    if (kind === "classes")
      throw new UsageError(
        "mismatch",
        "the labels are no classes, one a sample",
        { ...where(), got: `[${shape}] a sample`, wanted: "one label a sample, or rows with a single 1" },
        say`several labels a sample are fitted with ${option("labelKind")} numbers and a loss such as binaryCrossEntropy`,
      );
    const made = parts(({ data, shape }) => ({ data: Int32Array.from(data), shape }));
    return { parts: made, classes: 1 + largest(all), notes };
  }
  const seen = [...new Set(all.flatMap(([, { data }]) => [...new Set(Array.from(data))]))].sort((a, b) => a - b);
  const count = all.reduce((sum, [, { data }]) => sum + data.length, 0);
  if (kind === undefined && !classes && count >= FEW && seen.length > MANY * count)
    throw new UsageError(
      "missing",
      "it cannot be told whether the labels are classes or numbers to fit",
      { ...where(), got: `${seen.length} different whole numbers among ${count}, from ${seen[0]} to ${seen.at(-1)}` },
      say`say ${option("labelKind")} numbers, or ${option("labelKind")} classes`,
    );
  const oneToMany = seen[0] === 1 && seen.at(-1) === seen.length;
  const sparse = seen.at(-1)! >= SPARSE * count; // years, codes, ids: nothing that outputs are counted by
  if (!classes && (asIndices || !(oneToMany || seen[0] < 0 || sparse)))
    return {
      parts: parts(({ data }) => ({ data: Int32Array.from(data), shape: [] })),
      classes: 1 + largest(all),
      notes,
    };
  const train = all[0][0];
  const own = classes ?? [...new Set(Array.from(all[0][1].data))].sort((a, b) => a - b).map(String);
  const index = new Map(own.map((value, i) => [value, i]));
  const made = parts(({ data }, part) => ({
    data: Int32Array.from(
      data,
      (v, i) => index.get(String(v)) ?? noClass(v, where(part, i), own, classes ? undefined : train),
    ),
    shape: [],
  }));
  if (!classes)
    notes.push(
      say`the labels ${shownValues(own)} are taken as the classes ${shownValues(own.map((_, i) => String(i)))}`,
    );
  return { parts: made, classes: own.length, values: own, notes };
}

/** "1, 2, 3", "1 … 26" */
export function shownValues(values: readonly string[]): string {
  return values.length <= 6 ? values.join(", ") : `${values.slice(0, 3).join(", ")} … ${values.at(-1)}`;
}

/** @throws EspalierError for a label that no class has */
export function noClass(
  got: string | number,
  where: Readonly<Record<string, string | number>>,
  classes: readonly string[],
  train?: string,
): never {
  throw new EspalierError(
    "out-of-range",
    train === undefined ? "a label is none of the classes" : "a class occurs among the test samples alone",
    { ...where, got, wanted: shownValues(classes) },
    train === undefined
      ? say`name all that there are by ${option("classes")}, or correct the label`
      : say`put samples of it among those that are trained on, or name all classes by ${option("classes")}`,
  );
}

function isEvery(data: ArrayLike<number>, test: (v: number) => boolean): boolean {
  for (let i = 0; i < data.length; i++) if (!test(data[i])) return false;
  return true;
}

/** Whether each row is a single 1 among zeros. */
export function areOneHot(data: ArrayLike<number>, width: number): boolean {
  for (let row = 0; row < data.length; row += width) {
    let ones = 0;
    for (let i = row; i < row + width; i++) {
      if (data[i] === 1) ones++;
      else if (data[i] !== 0) return false;
    }
    if (ones !== 1) return false;
  }
  return data.length > 0;
}

/** The place of the 1 in each row. */
export function hotPlaces(data: ArrayLike<number>, width: number): Int32Array {
  const out = new Int32Array(data.length / width);
  for (let i = 0; i < data.length; i++) if (data[i] === 1) out[Math.floor(i / width)] = i % width;
  return out;
}

const largest = (all: readonly (readonly [string, LabelArray])[]): number => {
  let max = 0;
  for (const [, { data }] of all)
    for (let i = 0; i < data.length; i++) if (data[i] > max && data[i] !== IGNORED) max = data[i];
  return max;
};
