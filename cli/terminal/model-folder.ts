/** Models in folders on the command line: what is said of them, and the folder that a smaller model goes into. */
import { join } from "node:path";
import { FILES, type Words } from "espalier";
import {
  type FolderModel,
  isInBucket,
  isModelFolder,
  type ModelFolder,
  modelFileIn,
  readBytes,
  readModel,
  readModelFolder,
  writeModelFolder,
  writePreprocessor,
} from "espalier/node";
import type { Output } from "./output.ts";
import { typed } from "./spelling.ts";

/** The folder of a run's small model, in the run's. */
const SMALL = "small";

/** The folder at a path, with what is to be said of it; undefined where it is a file or nothing. */
export async function folderOf(path: string | undefined, out: Output): Promise<ModelFolder | undefined> {
  if (path === undefined || !(await isModelFolder(path))) return undefined;
  const folder = await readModelFolder(path);
  sayNotes(out, path, folder.notes);
  return folder;
}

/** The file that a smaller model goes into: the one that is named; of a model's folder, where no .onnx file is, that of the folder that is named. */
export async function smallFile(from: string, to: string): Promise<string> {
  const whole = !to.endsWith(".onnx") && (await isModelFolder(from));
  return whole ? modelFileIn(await readModelFolder(from), to) : to;
}

/**
 * Writes what goes with a smaller model into its folder, where the whole one has one and no single file was asked for; beside a single
 * file, what it expects of images.
 * @returns the folder
 */
export async function fillFolder(
  from: string,
  to: string,
  out: Output,
  model: FolderModel,
): Promise<string | undefined> {
  if (to.endsWith(".onnx") || !(await isModelFolder(from))) {
    await writePreprocessor(to, model.after, from);
    return undefined;
  }
  const written = await writeModelFolder(await readModelFolder(from), to, model);
  sayNotes(out, to, written.notes);
  return to;
}

/**
 * Writes the folder of a run's small model beside its file, where the run began from a folder.
 * @param out of the run
 * @returns the folder
 */
export async function runFolder(
  from: string,
  run: string,
  out: Output,
  classes: readonly string[] | undefined,
): Promise<string | undefined> {
  if (!(await isModelFolder(from))) return undefined;
  if (isInBucket(run)) {
    out.warn(
      `${out.colour.yellow("note:")} no folder of the small model is made in a bucket, only its file; espalier shrink makes one`,
    );
    return undefined;
  }
  const file = join(run, FILES.small);
  const [before, after] = [await readModel(from), await readModel(file)];
  return fillFolder(from, join(run, SMALL), out, { before, after, bytes: await readBytes(file), classes });
}

/** @param of what they are about */
function sayNotes(out: Output, of: string, notes: readonly Words[]): void {
  for (const note of notes) out.warn(`${out.colour.yellow("note:")} ${of}: ${typed(note)}`);
}
