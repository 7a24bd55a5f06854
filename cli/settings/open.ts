/** From the choices of a run to its data and its model. */
import {
  model as builtIn,
  type Composed,
  compose,
  type Dataset,
  type Encoding,
  EspalierError,
  encodingOf,
  imagesFor,
  initialize,
  limitTrain,
  type Model,
  newHead,
  orderClasses,
  renameColumns,
  splitValidation,
  UsageError,
} from "espalier";
import {
  datasets,
  isModelFolder,
  type ModelFolder,
  normalizedBy,
  type PreprocessingFile,
  preprocessingBeside,
  readModel,
  readModelFolder,
} from "espalier/node";
import type { RunChoices } from "./choices.ts";
import { type DataSettings, readerOptions } from "./data-fields.ts";
import { ORIGINAL } from "./distill-fields.ts";
import type { LossSetting } from "./losses.ts";
import { isFromFile } from "./model-source.ts";
import { checkTextsRead, type TextSettings, textReading } from "./text-reading.ts";
import type { TrainConfig } from "./train-fields.ts";

/**
 * Opens a data set by name or path.
 * @param model that it is for: its samples are read as those that it was trained on
 * @throws UsageError, EspalierError as the library, with what the command line can do about files that are not here
 */
export async function openDataset(
  name: string,
  values: DataSettings & TextSettings & { readonly loss?: LossSetting; readonly newHead?: number },
  model?: Model,
): Promise<Dataset> {
  const beside = await besideModel(values.model, model);
  const images = model && { ...(beside && { preprocessing: beside.preprocessing }), ...imagesFor(model) };
  try {
    const text = await textReading(values, model);
    const data = await datasets.open(name, {
      ...readerOptions(values, model && encodingFor(model, values), images),
      ...(text && { text }),
    });
    checkTextsRead(values, data.places !== undefined);
    const named = values.columns ? renameColumns(data, values.columns) : data;
    return beside ? normalizedBy(named, beside) : named;
  } catch (e) {
    throw notHere(e, name) ?? e;
  }
}

/** What a model records of its data; classes that a new classifier replaces are no matter. */
function encodingFor(model: Model, { newHead }: { readonly newHead?: number }): Encoding | null {
  const recorded = encodingOf(model);
  if (!recorded || newHead === undefined) return recorded;
  const { columns } = recorded;
  return columns ? { columns } : {};
}

/** What to do about a data set that is not here, in the words of the command line; undefined for other errors. */
export function notHere(error: unknown, name: string): EspalierError | undefined {
  if (!(error instanceof EspalierError) || error.code !== "missing" || !error.details["looked in"]) return undefined;
  const fix = `run: espalier data get ${name}, or name the folder with --data-root or $ESPALIER_DATA`;
  return new EspalierError(error.code, error.what, error.details, fix);
}

export async function openData(
  s: DataSettings & Pick<TrainConfig, "model" | "loss" | "newHead" | "limitTrain" | "valSplit" | "seed">,
): Promise<Dataset> {
  // A named data set is the same whatever a model records.
  const file = s.model && isFromFile(s.model) && (await readerTakes(s.data!)) ? await readModel(s.model) : undefined;
  const folder =
    s.model && isFromFile(s.model) && (await isModelFolder(s.model)) ? await readModelFolder(s.model) : undefined;
  let data = await openDataset(s.data!, s, file);
  if (folder) data = ofFolder(data, folder);
  if (s.valSplit) data = splitValidation(data, s.valSplit, s.seed);
  return s.limitTrain ? limitTrain(data, s.limitTrain, s.seed) : data;
}

/**
 * What lies beside a model of images that records nothing of how they are prepared.
 * @param path of it; a built-in model has nothing beside it
 * @param read where data is read as it wants it
 */
async function besideModel(path: string | undefined, read: Model | undefined): Promise<PreprocessingFile | undefined> {
  if (path === undefined || !isFromFile(path)) return undefined;
  const { channels, preprocessing } = read ? imagesFor(read) : { channels: 3 };
  return channels === undefined || preprocessing ? undefined : preprocessingBeside(path);
}

/** The data with its classes in the order of a folder's model, and what is to be said of the two. */
function ofFolder(given: Dataset, { classes, notes }: ModelFolder): Dataset {
  const ordered = classes ? orderClasses(given, classes) : { data: given, notes: [] };
  return { ...ordered.data, notes: [...notes, ...(given.notes ?? []), ...ordered.notes] };
}

/** Whether what a model records matters to how this data is read. */
const readerTakes = async (data: string): Promise<boolean> =>
  !(await datasets.list()).some(({ name }) => name === data);

/**
 * The model that is trained: with --lorita a composed one, whose function stays where it comes from a file; beside it the weights
 * that were not composed, and why.
 */
export async function openModel(s: RunChoices, data: Dataset): Promise<Pick<Composed, "model" | "skipped">> {
  const model = await modelItself(s, data);
  if (!s.lorita) return { model, skipped: [] };
  const init = isFromFile(s.model) && !s.init ? "balanced" : "default";
  return compose(model, { factors: s.lorita, layers: s.loritaLayers, freeze: s.freeze, init, seed: s.seed });
}

/**
 * The teacher of a run that distils: its own file, or the model's as it was given, before new weights or layers of it are made.
 * @throws UsageError for the original of a built-in model, which nobody trained
 */
export async function openTeacher({ distill, model, precision }: RunChoices): Promise<Model | undefined> {
  if (distill === undefined) return undefined;
  if (distill === ORIGINAL && !isFromFile(model))
    throw new UsageError(
      "conflict",
      "a built-in model begins untrained and teaches nothing",
      { got: `--distill ${ORIGINAL} with --model ${model}` },
      "name the file of a trained model, such as --distill runs/big/model.onnx",
    );
  return readModel(distill === ORIGINAL ? model : distill, { precision });
}

/**
 * A built-in model takes the data's shape and classes; a file is taken as it is, but for a classifier that is to be replaced.
 * @throws UsageError for a new classifier on a built-in model
 */
export async function modelItself(
  s: Pick<RunChoices, "model" | "seed" | "init" | "freeze" | "trainOnly" | "precision" | "newHead" | "output">,
  data: Dataset,
): Promise<Model> {
  const file = isFromFile(s.model);
  if (!file && s.newHead !== undefined)
    throw new UsageError(
      "conflict",
      "a built-in model has as many classes as the data",
      { got: `--new-head ${s.newHead} with --model ${s.model}` },
      "leave it out, or name the file of a trained model",
    );
  const outputs = data.classes ?? data.train.y.length / data.train.count; // classes, or numbers to fit
  if (!file) return builtIn(s.model, { seed: s.seed, input: data.shape, ...(outputs > 0 && { classes: outputs }) });
  const read = await readModel(s.model, { precision: s.precision });
  const model =
    s.newHead === undefined ? read : newHead(read, { classes: s.newHead, seed: s.seed, output: s.output }).model;
  return s.init ? initialize(model, s.seed, s) : model;
}
