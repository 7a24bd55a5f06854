/** Data sets that a module makes: `--data ./data.js`. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checkDataset } from "../data/check.ts";
import { type Dataset, type FromArraysOptions, fromArrays } from "../data/dataset.ts";
import { type FromColumnsOptions, fromColumns, type PlacedColumns } from "../data/from-columns.ts";
import { areSamples, type FromSamplesOptions, fromSamples } from "../data/from-samples.ts";
import type { GivenSamples } from "../data/sample-columns.ts";
import { EspalierError } from "../error.ts";
import { kindOf } from "../given.ts";
import { ofFile } from "./array-files.ts";
import { sizeOfFile } from "./files.ts";
import { codeOf } from "./system-error.ts";

type Given = Readonly<Record<string, unknown>>;

/** What a module may export: the first kind that it is. */
interface Exported {
  /** The keys that it has beside its options. */
  readonly keys: readonly string[];
  readonly options: readonly string[];
  is(given: unknown): boolean;
  open(given: Given, path: string): Dataset | Promise<Dataset>;
}

const isObject = (given: unknown): given is Given => typeof given === "object" && given !== null;
const has = (given: unknown, ...keys: readonly string[]) => isObject(given) && keys.every((key) => key in given);
const SHARED = ["name", "classes", "test", "val", "seed", "augment"] as const;

const EXPORTED: readonly Exported[] = [
  {
    keys: ["length", "at"],
    options: SHARED satisfies readonly (keyof FromSamplesOptions)[],
    is: areSamples,
    open(given, path) {
      const samples = given as unknown as GivenSamples & FromSamplesOptions;
      const { classes, test, val, seed, augment } = samples;
      const said = { classes, test, val, seed, augment };
      const options = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
      return fromSamples(samples, { name: samples.name ?? path, ...options });
    },
  },
  {
    keys: ["inputs", "labels", "places"],
    options: SHARED satisfies readonly (keyof FromColumnsOptions)[],
    is: (given) => has(given, "inputs") && !has(given, "train"),
    open: (given, path) =>
      fromColumns(given as unknown as PlacedColumns, { name: path, ...(given as FromColumnsOptions) }),
  },
  {
    keys: ["x", "y"],
    options: [...SHARED, "shape", "classNames", "mean", "std"] satisfies (keyof FromArraysOptions)[],
    is: (given) => has(given, "x", "y") && !has(given, "train"),
    open: ({ x, y, ...options }, path) => fromArrays(x as never, y as never, { name: path, ...options }),
  },
  {
    keys: [],
    options: [],
    is: (given) => has(given, "train", "shape"),
    open(given, path) {
      const data = { ...given, name: given["name"] ?? path } as unknown as Dataset;
      checkDataset(data);
      return data;
    },
  },
];

const WANTED =
  "a data set, { x, y }, { inputs, labels }, samples (a list, an iterable with a length, or { length, at(index) }), or a function that gives one of these";

/**
 * The data set that a module exports by default, or by the names of its parts: a `Dataset`, arrays and options as `fromArrays` or `fromColumns` take them, samples as
 * `fromSamples` takes them, or a function that gives one of these, or a promise of it. The module is run: it can do whatever a program can.
 * @throws EspalierError naming the file when there is none, it cannot be run, or what it exports is no data set
 */
export async function openModule(path: string): Promise<Dataset> {
  if ((await sizeOfFile(path)) === null)
    throw new EspalierError("missing", "there is no such file of data", { file: path }, "check the path");
  const ended = () => {
    process.stderr.write(`error: the module of the data ended the program, or waits for what never comes: ${path}\n`);
    process.exitCode = 1;
  };
  process.once("exit", ended);
  try {
    const given = await run(path);
    const kind = kindIn(given, path);
    const data = await kind.open(given as Given, path);
    if (kind.options.length === 0 || (given as Given)["test"] !== undefined) return data;
    const { train, test } = data;
    const drawn = `${test.count} of ${test.count + train.count} samples are drawn for testing: the module gives none by test`;
    return { ...data, notes: [...(data.notes ?? []), drawn] };
  } catch (error) {
    throw ofFile(path, error);
  } finally {
    process.removeListener("exit", ended);
  }
}

const iterates = (given: unknown) => isObject(given) && (Symbol.asyncIterator in given || Symbol.iterator in given);
const LENGTH = "say how many samples come: { length, [Symbol.asyncIterator]() { … } }";

function kindIn(given: unknown, path: string): Exported {
  const kind = EXPORTED.find(({ is }) => is(given));
  if (!kind)
    throw new EspalierError(
      "mismatch",
      "the module exports no data set",
      { file: path, got: kindOf(given), wanted: WANTED },
      iterates(given)
        ? LENGTH
        : "export it by default, export default …, or its parts by their names, export const x, y",
    );
  // Lists and iterables may have whatever their kind has.
  const isPlain = isObject(given) && Object.getPrototypeOf(given) === Object.prototype && kind.options.length > 0;
  const known = [...kind.keys, ...kind.options];
  const unknown = isPlain ? Object.keys(given).find((key) => !known.includes(key)) : undefined;
  if (unknown !== undefined)
    throw new EspalierError("unknown-name", "the module exports what no data set has", {
      file: path,
      got: unknown,
      wanted: known.join(", "),
    });
  return kind;
}

async function run(path: string): Promise<unknown> {
  try {
    const exported: Given = await import(pathToFileURL(resolve(path)).href);
    const made = "default" in exported ? exported["default"] : { ...exported };
    return await (typeof made === "function" ? made() : made);
  } catch (error) {
    throw new EspalierError(
      "system",
      "the module of the data cannot be run",
      { file: path, reason: error instanceof Error ? error.message : String(error) },
      codeOf(error) === "ERR_UNKNOWN_FILE_EXTENSION"
        ? "Node.js runs TypeScript from 22.18 on: update it, or compile the module to .js"
        : "run it with node by itself first; it exports a data set, or a function that makes one, by default",
    );
  }
}
