/** What lies beside a model of the images that it expects: read for whoever feeds it, written for whoever runs it elsewhere. */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import { imageScale, type Preprocessing } from "../../data/preprocessing.ts";
import { fromPreprocessorConfig } from "../../data/preprocessor-config.ts";
import { aDataset, aModel, anObject, aText, maybe, wants } from "../../given.ts";
import type { Model } from "../../graph/types.ts";
import { say } from "../../message.ts";
import type { Normalization } from "../../step/input.ts";
import { imagesFor } from "../../train/images.ts";
import { recordsNormalization } from "../../train/normalization.ts";
import { preprocessorConfigFor } from "../../train/preprocessor-config.ts";
import { FILES } from "../../train/run-files.ts";
import { readJson } from "../json-file.ts";
import { writeBytes } from "../model-files.ts";
import { isModelFolder } from "./model-file.ts";

type Fields = Readonly<Record<string, unknown>>;

/** How images are prepared for a model, and the file that says it. */
export interface PreprocessingFile {
  readonly file: string;
  readonly preprocessing: Preprocessing;
}

/** The file that says it of one model alone, "small.preprocessor_config.json" of "small.onnx". */
const own = (model: string): string => `${model.replace(/\.onnx$/, "")}.${FILES.preprocessor}`;

/** Of a folder, the one in it; of a file, its own, else that of its folder, or of the one around a folder called onnx. */
async function placesOf(model: string): Promise<string[]> {
  if (await isModelFolder(model)) return [join(model, FILES.preprocessor)];
  const folder = dirname(model);
  const around = basename(folder) === "onnx" ? [join(dirname(folder), FILES.preprocessor)] : [];
  return [own(model), join(folder, FILES.preprocessor), ...around];
}

/** The config beside a model, where it is one of images. */
async function configBeside(model: string): Promise<{ readonly file: string; readonly config: Fields } | undefined> {
  for (const file of await placesOf(model)) {
    if (!(await stat(file).catch(() => undefined))?.isFile()) continue;
    const read = await readJson(file);
    const ofImages = typeof read === "object" && read !== null && ("image_mean" in read || "do_resize" in read);
    return ofImages ? { file, config: read as Fields } : undefined;
  }
  return undefined;
}

/**
 * What lies beside a model, or in its folder, of the images that it expects: `NAME.preprocessor_config.json` of `NAME.onnx`, or
 * `preprocessor_config.json`.
 * @param model a file, or the folder of a model
 * @returns undefined where there is none, or one of other things than images
 * @throws EspalierError naming the file that is damaged, or the field that asks for what cannot be done
 */
export async function preprocessingBeside(model: string): Promise<PreprocessingFile | undefined> {
  wants("preprocessingBeside", ["model", aText, model]);
  const found = await configBeside(model);
  return found && { file: found.file, preprocessing: fromPreprocessorConfig(found.config) };
}

/**
 * How a model's images are normalized by what lies beside it, where the model itself records nothing of it.
 * @param path of the model, a file or a folder
 * @returns mean and std of x / 255; undefined where the model records its own, or nothing lies beside it
 * @throws EspalierError as `preprocessingBeside`
 */
export async function normalizationBeside(path: string, model: Model): Promise<Normalization | undefined> {
  wants("normalizationBeside", ["path", aText, path], ["model", aModel, model]);
  if (recordsNormalization(model)) return undefined;
  const found = await preprocessingBeside(path);
  return found && imageScale(found.preprocessing, imagesFor(model).channels ?? 3);
}

/**
 * Images that are held in memory, normalized as a model's file says: what nobody gave with them is taken from there, and said. Images that
 * are read from files are prepared by it when they are opened, `datasets.open(path, { images })`.
 */
export function normalizedBy(data: Dataset, by: PreprocessingFile): Dataset {
  wants("normalizedBy", ["data", aDataset, data], ["by", anObject, by], ["file", aText, by, "file"]);
  const { file, preprocessing } = by;
  const { shape, train, normalizationGiven, notes = [] } = data;
  if (shape.length !== 3 || !(train.x instanceof Uint8Array) || train.source || normalizationGiven) return data;
  const note = say`pixels are normalized as ${file} says`;
  return { ...data, ...imageScale(preprocessing, shape[0]), normalizationGiven: true, notes: [...notes, note] };
}

/**
 * Writes what a model of images expects beside its file, with the fields of Hugging Face's preprocessor_config.json, which
 * `preprocessingBeside` reads.
 * @param to the model's file, "small.onnx"
 * @param from the model that it was made of, whose file is kept where it says the same
 * @returns the file, "small.preprocessor_config.json"; undefined where nothing is known of images, and none is written
 */
export async function writePreprocessor(to: string, model: Model, from?: string): Promise<string | undefined> {
  wants("writePreprocessor", ["to", aText, to], ["model", aModel, model], ["from", maybe(aText), from]);
  const config = preprocessorConfigFor(model, from === undefined ? undefined : (await configBeside(from))?.config);
  if (!config) return undefined;
  await writeBytes(own(to), new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`));
  return own(to);
}
