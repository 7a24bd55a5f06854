/** A model's folder again, with a smaller model in it: what still applies is copied, the rest is changed or left out, and said. */
import { readdir, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { EspalierError, UsageError } from "../../error.ts";
import { aList, aModel, anObject, aText, maybe, someBytes, wants } from "../../given.ts";
import type { Model } from "../../graph/types.ts";
import { say, type Words } from "../../message.ts";
import { smallerConfig } from "../../shrink/config-numbers.ts";
import { keepTokens } from "../../shrink/tokenizer-file.ts";
import { preprocessorConfigFor } from "../../train/preprocessor-config.ts";
import { FILES } from "../../train/run-files.ts";
import { readJson } from "../json-file.ts";
import { readBytes, writeBytes } from "../model-files.ts";
import { isModelFolder } from "./model-file.ts";
import type { ModelFolder } from "./read-folder.ts";
import { keptIds, VOCABULARY_FILES, withKeptIds } from "./token-files.ts";

/** What goes into a folder in the place of the model that it had. */
export interface FolderModel {
  /** As it was. */
  readonly before: Model;
  readonly after: Model;
  /** `after` as a file. */
  readonly bytes: Uint8Array;
  /** The old id of each token, in the order of the new ones, where the vocabulary was cut. */
  readonly ids?: readonly number[];
  /** The names of the classes that the model was trained on, for a folder that names none. */
  readonly classes?: readonly string[];
}

/** What was written. */
export interface WrittenFolder {
  readonly path: string;
  /** In the folder. */
  readonly files: readonly string[];
  readonly notes: readonly Words[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Weights in some form: those of the model as it was. */
const WEIGHTS =
  /\.(onnx|onnx[._]data.*|data|safetensors|bin|pt|pth|h5|msgpack|ot|tflite|gguf|mlmodel|pb)$|\.index\.json$/i;
/** What is none of the model's files. */
const PASSED = /^\.(git|cache|DS_Store)/;

/**
 * Writes a model's folder with a smaller model in the place of its own: transformers.js and ONNX Runtime load it as they loaded the
 * one it was. Files of weights in other forms are not copied; numbers of config.json are changed where they are true of every layer.
 * @param from the folder, as `readModelFolder` gives it
 * @param to a folder that is made; files in it are replaced
 * @throws UsageError where one folder is the other or lies in it; EspalierError naming the file that cannot be read or written
 */
export async function writeModelFolder(from: ModelFolder, to: string, model: FolderModel): Promise<WrittenFolder> {
  wants(
    "writeModelFolder",
    ["from", anObject, from],
    ["from.path", aText, from, "path"],
    ["from.file", aText, from, "file"],
    ["to", aText, to],
    ["model", anObject, model],
    ["before", aModel, model, "before"],
    ["after", aModel, model, "after"],
    ["bytes", someBytes, model, "bytes"],
    ["ids", maybe(aList), model, "ids"],
    ["classes", maybe(aList), model, "classes"],
  );
  checkApart(from, to);
  if ((await stat(to).catch(() => undefined)) && !(await isModelFolder(to)))
    throw new EspalierError("exists", "a file stands where the folder should go", { folder: to });
  const ids = model.ids && keptIds(model.ids);
  const notes: Words[] = [];
  const files: string[] = [];
  const left: string[] = [];
  let preprocessor: unknown;
  const put = async (name: string, bytes: Uint8Array): Promise<void> => {
    await writeBytes(join(to, name), bytes);
    files.push(name);
  };
  for (const name of await everyFile(from.path)) {
    if (WEIGHTS.test(name) || (ids && VOCABULARY_FILES.includes(name))) {
      if (name !== from.file) left.push(name);
      continue;
    }
    const path = join(from.path, name);
    if (name === "config.json" && from.config) {
      const smaller = smallerConfig(from.config, model.before.graph, model.after.graph);
      notes.push(...smaller.notes);
      const named = namedClasses(smaller.config, from, model.classes);
      if (named !== smaller.config)
        notes.push(say`config.json has the names of the classes: ${model.classes!.join(", ")}`);
      await put(name, json(ids ? withKeptIds(named, ids) : named));
    } else if (name === FILES.preprocessor) preprocessor = await readJson(path);
    else if (ids && name === "tokenizer.json") await put(name, json(keepTokens(await readJson(path), model.ids!)));
    else if (ids && /^(tokenizer|generation)_config\.json$/.test(name))
      await put(name, json(withKeptIds(await readJson(path), ids)));
    else await put(name, await readBytes(path));
  }
  const expected = preprocessorConfigFor(model.after, preprocessor as Fields | undefined);
  if (expected === preprocessor && expected)
    await put(FILES.preprocessor, await readBytes(join(from.path, FILES.preprocessor)));
  else if (expected) {
    await put(FILES.preprocessor, json(expected));
    notes.push(say`${FILES.preprocessor} says what the model expects of images`);
  }
  await put(from.file, model.bytes);
  if (left.length > 0) notes.push(say`not copied, since they are the model as it was: ${left.join(", ")}`);
  return { path: to, files: files.sort(), notes };
}

/**
 * Where the model goes in a folder that is made of another.
 * @throws UsageError where one folder is the other or lies in it
 */
export function modelFileIn(from: ModelFolder, to: string): string {
  wants(
    "modelFileIn",
    ["from", anObject, from],
    ["from.path", aText, from, "path"],
    ["from.file", aText, from, "file"],
    ["to", aText, to],
  );
  checkApart(from, to);
  return join(to, from.file);
}

function checkApart({ path }: ModelFolder, to: string): void {
  const [inner, outer] = [resolve(to), resolve(path)];
  if (inner === outer || inner.startsWith(outer + sep) || outer.startsWith(inner + sep))
    throw new UsageError("conflict", "the folder would be written into itself", { from: path, to }, "name another");
}

const json = (of: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(of, null, 2)}\n`);

/** All files below a folder, sorted, with / between folders. */
async function everyFile(folder: string, below = ""): Promise<string[]> {
  const entries = (await readdir(join(folder, below), { withFileTypes: true })).filter((e) => !PASSED.test(e.name));
  const all: string[] = [];
  for (const entry of entries) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    const found = await stat(join(folder, name)); // links are followed
    if (found.isDirectory()) all.push(...(await everyFile(folder, name)));
    else if (found.isFile()) all.push(name);
  }
  return all.sort();
}

/** The config with the classes' names, where it has none of its own for as many outputs. */
function namedClasses(
  config: Readonly<Record<string, unknown>>,
  from: ModelFolder,
  classes: readonly string[] | undefined,
): Readonly<Record<string, unknown>> {
  if (from.classes || !classes) return config;
  return {
    ...config,
    id2label: Object.fromEntries(classes.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(classes.map((name, i) => [name, i])),
  };
}
