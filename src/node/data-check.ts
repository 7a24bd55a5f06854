/** What is in a data set before anybody trains on it: what was found, how classes are balanced, what looks wrong. */
import { createHash } from "node:crypto";
import { classNotes } from "../data/check.ts";
import { columnsNote } from "../data/columns.ts";
import type { Dataset } from "../data/dataset.ts";
import { samplesAt } from "../data/source.ts";
import type { Split } from "../data/split.ts";
import { classCounts } from "../data/statistics.ts";
import { EspalierError } from "../error.ts";
import { option, say, type Words } from "../message.ts";

/** Samples of a part. */
export interface PartCheck {
  readonly count: number;
  /** Samples of each class; null if the targets are no classes. */
  readonly perClass: readonly number[] | null;
  /** Samples that occur before in the same part. */
  readonly repeated: number;
  /** Of these, such as have another label than the one before. */
  readonly contradicting: number;
  /** Samples that the training samples have too. */
  readonly ofTraining: number;
}

/** What `datasets.check` found. */
export interface DataCheck {
  readonly name: string;
  /** What was found there: "a CSV or TSV file". */
  readonly kind: string;
  /** Present when the data could be opened. */
  readonly found?: {
    readonly shape: readonly number[];
    readonly classes: number | null;
    readonly classNames?: readonly string[];
    readonly parts: Readonly<Record<string, PartCheck>>;
    /** Least and largest number of x, and where a number never changes: the columns' names, or their places. */
    readonly range: readonly [number, number];
    readonly constant: readonly string[];
    /** Samples that were looked at in each part where they are read from files: not more than 2000. */
    readonly looked?: number;
  };
  /** What was guessed. */
  readonly notes: readonly Words[];
  /** What is probably not meant. */
  readonly warnings: readonly Words[];
  /** What makes the data unusable: the message names file and row. */
  readonly errors: readonly EspalierError[];
}

/** Samples of a source that are read. */
const MOST_READ = 2000;
/** A largest class of so many times the smallest is said. */
const UNBALANCED = 10;
/** A class of fewer samples is hardly learnt. */
const FEW = 10;
/** Numbers beyond this are hardly meant to be fed as they are. */
const LARGE = 1000;

/** What was found, and the data set where it could be opened. */
interface Checked {
  readonly checked: DataCheck;
  readonly data?: Dataset;
}

/**
 * @param open opens the data set: what it throws is an error of the data
 * @param without the same, without the files that are broken: which these are it tells in its notes
 */
export async function checkData(
  name: string,
  kind: string,
  open: () => Promise<Dataset>,
  without?: () => Promise<Dataset>,
): Promise<Checked> {
  let data: Dataset | undefined;
  try {
    data = await open();
    return { data, checked: await lookedAt(data, kind) };
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error;
    const isBroken = error.code === "invalid-file" || error.code === "too-large";
    const rest = without && isBroken ? await checkData(name, kind, without) : undefined;
    if (rest?.data) return { ...rest, checked: { ...rest.checked, errors: [error] } };
    return { checked: { name: data?.name ?? name, kind, notes: data?.notes ?? [], warnings: [], errors: [error] } };
  }
}

async function lookedAt(data: Dataset, kind: string): Promise<DataCheck> {
  const { name, shape, classes, classNames, train, test, val } = data;
  const looks = await Promise.all(
    Object.entries({ train, test, ...(val && { val }) }).map(
      async ([part, split]) => [part, await look(split)] as const,
    ),
  );
  const [, first] = looks[0];
  const parts = Object.fromEntries(
    looks.map(
      ([part, { hashes, labels, split }]) =>
        [part, partCheck(split, classes, hashes, labels, part === "train" ? undefined : first.hashes)] as const,
    ),
  );
  const range = looks.reduce<readonly [number, number]>(
    (
      [a, b],
      [
        ,
        {
          range: [c, d],
        },
      ],
    ) => [Math.min(a, c), Math.max(b, d)],
    [Infinity, -Infinity],
  );
  const constant = constantsOf(first.x, shape, first.looked).map((at) => placeName(data, at));
  const read = Object.values(looks).some(([, { split, looked }]) => looked < split.count);
  return {
    name,
    kind,
    found: {
      shape,
      classes,
      ...(classNames && { classNames }),
      parts,
      range,
      constant,
      ...(read && { looked: MOST_READ }),
    },
    notes: [...(data.input === undefined ? [] : [columnsNote(data)]), ...(data.notes ?? [])],
    warnings: [...classNotes(data), ...warningsOf(data, parts, range, constant)],
    errors: [],
  };
}

interface Looked {
  readonly split: Split;
  readonly x: Split["x"];
  readonly looked: number;
  readonly hashes: readonly string[];
  readonly labels: readonly string[];
  readonly range: readonly [number, number];
}

/** A sample is told by a digest of all its inputs. */
async function look(split: Split): Promise<Looked> {
  const looked = split.source ? Math.min(split.count, MOST_READ) : split.count;
  const some = Uint32Array.from({ length: looked }, (_, i) => Math.floor((i * split.count) / looked));
  const { x, y, more } = split.source ? await samplesAt(split, some, 0, looked) : split;
  const rows = [x, ...Object.values(more ?? {})].map((array) => ({ array, width: array.length / looked }));
  const at = (of: typeof x | typeof y, i: number) =>
    of.subarray((i * of.length) / looked, ((i + 1) * of.length) / looked);
  const hashes = Array.from({ length: looked }, (_, i) => {
    const hash = createHash("sha1");
    for (const { array } of rows) hash.update(bytesOf(at(array, i)));
    return hash.digest("base64");
  });
  const labels = Array.from({ length: looked }, (_, i) => at(y, i).join());
  let [least, most] = [Infinity, -Infinity];
  for (const v of x) {
    if (v < least) least = v;
    if (v > most) most = v;
  }
  return { split, x, looked, hashes, labels, range: [least, most] };
}

const bytesOf = (of: ArrayBufferView): Uint8Array => new Uint8Array(of.buffer, of.byteOffset, of.byteLength);

function partCheck(
  { count, y }: Split,
  classes: number | null,
  hashes: readonly string[],
  labels: readonly string[],
  training?: readonly string[],
): PartCheck {
  const before = new Map<string, string>();
  let [repeated, contradicting] = [0, 0];
  for (const [i, hash] of hashes.entries()) {
    const label = before.get(hash);
    if (label === undefined) before.set(hash, labels[i]);
    else {
      repeated++;
      if (label !== labels[i]) contradicting++;
    }
  }
  const known = new Set(training);
  return {
    count,
    perClass: classes !== null && y instanceof Int32Array ? classCounts(y, classes) : null,
    repeated,
    contradicting,
    ofTraining: hashes.filter((hash) => known.has(hash)).length,
  };
}

/** Places of a sample whose number is the same in all; of images none are looked for. */
function constantsOf(x: Split["x"], shape: readonly number[], count: number): number[] {
  if (shape.length !== 1 || count < 2) return [];
  const [width] = shape;
  return Array.from({ length: width }, (_, at) => at).filter((at) => {
    for (let i = at; i < x.length; i += width) if (x[i] !== x[at]) return false;
    return true;
  });
}

/** "height", "colour = red" */
export function placeName({ encoding }: Dataset, at: number): string {
  let from = 0;
  for (const column of encoding?.columns ?? []) {
    const width = "categories" in column ? column.categories.length : 1;
    if (at < from + width)
      return "categories" in column ? `${column.name} = ${column.categories[at - from]}` : column.name;
    from += width;
  }
  return `number ${at}`;
}

function warningsOf(
  data: Dataset,
  parts: Readonly<Record<string, PartCheck>>,
  [least, most]: readonly [number, number],
  constant: readonly string[],
): Words[] {
  const { train, ...held } = parts;
  const of = (label: number) => data.classNames?.[label] ?? `class ${label}`;
  const said: Words[] = [];
  const { perClass } = train;
  if (perClass) {
    const there = perClass.filter((n) => n > 0);
    const [small, large] = [Math.min(...there), Math.max(...there)];
    const all = perClass.reduce((a, b) => a + b, 0);
    if (there.length === 1) said.push(say`all training samples are of one class, ${of(perClass.indexOf(large))}`);
    else if (large > UNBALANCED * small)
      said.push(
        `the classes are not balanced: ${of(perClass.indexOf(large))} has ${large} training samples, ${of(perClass.indexOf(small))} ${small}; always to say ${of(perClass.indexOf(large))} is right for ${Math.round((100 * large) / all)} %`,
      );
    const few = perClass.flatMap((n, label) => (n > 0 && n < FEW ? [`${of(label)} (${n})`] : []));
    if (few.length > 0) said.push(`few training samples: ${few.slice(0, 8).join(", ")}${few.length > 8 ? " …" : ""}`);
    for (const [part, { perClass: its }] of Object.entries(held)) {
      const absent = its?.flatMap((n, label) => (n === 0 && perClass[label] > 0 ? [of(label)] : [])) ?? [];
      if (absent.length > 0)
        said.push(`no ${part} sample of ${absent.slice(0, 8).join(", ")}${absent.length > 8 ? " …" : ""}`);
    }
  }
  if (train.repeated > 0)
    said.push(
      `${train.repeated} training samples occur more than once${train.contradicting > 0 ? `, ${train.contradicting} of them with different labels` : ""}`,
    );
  for (const [part, { ofTraining, count }] of Object.entries(held))
    if (ofTraining > 0)
      said.push(
        `${ofTraining} of the ${count} ${part} samples are training samples too: what is measured on them is too good`,
      );
  if (constant.length > 0)
    said.push(
      `the same in every training sample: ${constant.slice(0, 8).join(", ")}${constant.length > 8 ? ` and ${constant.length - 8} more` : ""}`,
    );
  if (data.train.x instanceof Float32Array && Math.max(-least, most) > LARGE)
    said.push(
      say`numbers of the inputs lie between ${least} and ${most}, and are fed as they are: of a table ${option("standardize")} scales them`,
    );
  if (data.train.x instanceof Int32Array && least < 0)
    said.push(`whole numbers of the inputs go down to ${least}: as tokens they are out of range`);
  return said;
}
