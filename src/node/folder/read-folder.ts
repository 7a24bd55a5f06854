/** A model's folder, as it is downloaded or saved: config.json, a tokenizer, a preprocessor, and the model as ONNX. */
import { join } from "node:path";
import { z } from "zod";
import { EspalierError } from "../../error.ts";
import { aText, wants } from "../../given.ts";
import { say, type Words } from "../../message.ts";
import { readJson } from "../json-file.ts";
import { filesIn } from "./model-file.ts";

/** What is in a model's folder. */
export interface ModelFolder {
  readonly path: string;
  /** The model's file, in the folder: "onnx/model.onnx". */
  readonly file: string;
  /** Other .onnx files in it: other forms of the model, quantized for example. */
  readonly others: readonly string[];
  /** config.json, where there is one. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** preprocessor_config.json, parsed. */
  readonly preprocessor?: unknown;
  /** Whether there is a tokenizer.json. */
  readonly tokenizer: boolean;
  /** The names of the classes in the order of the outputs (id2label of config.json); undefined where there are none, or only LABEL_0, LABEL_1 … */
  readonly classes?: readonly string[];
  /** What somebody should know who did not look into it. */
  readonly notes: readonly Words[];
}

const labels = z.record(z.string(), z.string());
const config = z.record(z.string(), z.unknown());

/**
 * Looks into a model's folder. Of several .onnx files the one called model.onnx is taken.
 * @throws EspalierError naming the folder that has no model or several, or the file that is damaged
 */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  wants("readModelFolder", ["path", aText, path]);
  const { names, file, others } = await filesIn(path);
  const read = async (name: string): Promise<unknown> =>
    names.includes(name) ? readJson(join(path, name)) : undefined;
  const configRead = config.optional().safeParse(await read("config.json"));
  if (!configRead.success)
    throw new EspalierError("invalid-file", "config.json is not as it should be", {
      file: join(path, "config.json"),
      wanted: "an object",
    });
  const preprocessor = await read("preprocessor_config.json");
  const classes = configRead.data && classesOf(configRead.data, join(path, "config.json"));
  return {
    path,
    file,
    others,
    ...(configRead.data && { config: configRead.data }),
    ...(preprocessor !== undefined && { preprocessor }),
    tokenizer: names.includes("tokenizer.json"),
    ...(classes && { classes }),
    notes: others.length > 0 ? [say`${file} is read; the folder has ${others.join(", ")} too`] : [],
  };
}

/** id2label in the order of the ids. */
function classesOf(of: Readonly<Record<string, unknown>>, file: string): string[] | undefined {
  if (of["id2label"] === undefined || of["id2label"] === null) return undefined;
  const read = labels.safeParse(of["id2label"]);
  const ids = read.success ? Object.keys(read.data).map(Number) : [];
  const ordered = ids.toSorted((a, b) => a - b);
  if (!read.success || ordered.some((id, i) => id !== i))
    throw new EspalierError("invalid-file", "id2label of config.json is not as it should be", {
      file,
      got: JSON.stringify(of["id2label"]).slice(0, 80),
      wanted: "a name for each output from 0 on",
    });
  const { data } = read;
  const found = ordered.map((id) => data[String(id)]);
  return found.every((name, i) => name === `LABEL_${i}`) ? undefined : found;
}
