/** Data sets that a module makes: `--data ./data.js`. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checkDataset } from "../data/check.ts";
import type { Dataset } from "../data/dataset.ts";
import { type FromColumnsOptions, fromColumns, type PlacedColumns } from "../data/from-columns.ts";
import { EspalierError } from "../error.ts";
import { sizeOfFile } from "./files.ts";

type Exported = Dataset | (PlacedColumns & FromColumnsOptions);

/**
 * The data set that a module exports by default: a `Dataset`, inputs, labels and options as `fromColumns` takes them, or a function that
 * gives one of these, or a promise of it. The module is run: it can do whatever a program can.
 * @throws EspalierError when there is no such file, it cannot be run, or what it exports is no data set
 */
export async function openModule(path: string): Promise<Dataset> {
  if ((await sizeOfFile(path)) === null)
    throw new EspalierError("missing", "there is no such file of data", { file: path }, "check the path");
  const given = await run(path);
  const data = isColumns(given) ? ofColumns(given, path) : given && { ...given, name: given.name ?? path };
  checkDataset(data);
  return data;
}

function ofColumns({ inputs, labels, places, ...options }: PlacedColumns & FromColumnsOptions, path: string): Dataset {
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined)
    throw new EspalierError("unknown-name", "the module exports what no data set has", {
      file: path,
      got: unknown,
      wanted: ["inputs", "labels", "places", ...OPTIONS].join(", "),
    });
  return fromColumns({ inputs, labels, places }, { name: path, ...options });
}
const OPTIONS: readonly string[] = [
  "name",
  "classes",
  "test",
  "val",
  "seed",
  "augment",
] satisfies (keyof FromColumnsOptions)[];

async function run(path: string): Promise<Exported> {
  const ended = () => {
    process.stderr.write(`error: the module of the data ended the program, or waits for what never comes: ${path}\n`);
    process.exitCode = 1;
  };
  process.once("exit", ended);
  try {
    const { default: made } = await import(pathToFileURL(resolve(path)).href);
    return await (typeof made === "function" ? made() : made);
  } catch (error) {
    throw new EspalierError(
      "system",
      "the module of the data cannot be run",
      { file: path, reason: error instanceof Error ? error.message : String(error) },
      "run it with node by itself first; it exports a data set, or a function that makes one, by default",
    );
  } finally {
    process.removeListener("exit", ended);
  }
}

const isColumns = (given: Exported | undefined): given is PlacedColumns & FromColumnsOptions =>
  typeof given === "object" && given !== null && "inputs" in given && !("train" in given);
