/** Data sets that a module makes: `--data ./data.js`. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checkDataset } from "../data/check.ts";
import type { Dataset } from "../data/dataset.ts";
import { type Columns, fromColumns } from "../data/from-columns.ts";
import { EspalierError } from "../error.ts";
import { sizeOfFile } from "./files.ts";

type Exported = Dataset | Columns;

/**
 * The data set that a module exports by default: a `Dataset`, inputs and labels as `fromColumns` takes them, or a function that
 * gives one of these, or a promise of it. The module is run: it can do whatever a program can.
 * @throws EspalierError when there is no such file, it cannot be run, or what it exports is no data set
 */
export async function openModule(path: string): Promise<Dataset> {
  if ((await sizeOfFile(path)) === null)
    throw new EspalierError("missing", "there is no such file of data", { file: path }, "check the path");
  const given = await run(path);
  const data = isColumns(given) ? fromColumns(given, { name: path }) : given;
  checkDataset(data);
  return data;
}

async function run(path: string): Promise<Exported> {
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
  }
}

const isColumns = (given: Exported | undefined): given is Columns =>
  typeof given === "object" && given !== null && "inputs" in given && !("train" in given);
