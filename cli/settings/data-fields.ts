/** The settings of data: the same for every command that takes some. */
import { type Encoding, type ImagesWanted, presetNames } from "espalier";
import type { OpenOptions } from "espalier/node";
import {
  choice,
  type Field,
  imageSizeField,
  integerField,
  namesField,
  normalization,
  numberField,
  text,
  texts,
  toggle,
  type ValuesOf,
} from "./field.ts";
import { fitsNumbers, type LossSetting } from "./losses.ts";

/** A switch whose default is not always off. */
const yesOrNo = (help: string): Field<boolean> => ({ ...toggle(help), value: "true|false" });

/** What readers can be told, by the names of the library's options. */
export const readerFields = {
  inputColumns: texts("columns of the data that are inputs (default: all that are no labels)", "a,b,…"),
  labelColumns: texts("columns of the data that are labels (default: those called y, label, target, class)", "a,b,…"),
  skipColumns: texts("columns of a table that are neither", "a,b,…"),
  categorical: texts("columns of a table whose numbers are categories", "a,b,…"),
  standardize: yesOrNo(
    "tables: numbers less the mean, by the deviation of the training samples (default, but for a model from a file that records nothing of its data)",
  ),
  missing: choice("tables: values that are missing are refused (default), the column's mean, or their rows dropped", [
    "refuse",
    "mean",
    "drop",
  ]),
  delimiter: text("of .csv: the character between values (default: as the first line has)", "c"),
  header: yesOrNo("of .csv and .tsv: the first row is names (default: if none of its values is a number)"),
  labelKind: choice("what labels are (default: what they look like, which is said)", ["classes", "numbers", "places"]),
  classes: texts("the value of each class in the data, in order (default: those that occur, sorted)", "a,b,…"),
  testSplit: numberField("share drawn for testing where the data has no test samples of its own (default 0.2)", {
    above: 0,
    below: 1,
  }),
  preset: choice(
    "images: resized, cut and normalized as a family of models wants them (default: as the model records)",
    presetNames,
  ),
  resize: imageSizeField("images: 256 = the shorter side to 256, 224x160 = stretched to height and width"),
  crop: imageSizeField("images: the middle, 224 or 224x160 (height and width)"),
  skipBroken: toggle("images: decode all of them first, and leave out those that cannot be (default: stop at one)"),
  cacheImages: toggle("images: keep decoded and resized ones in the user's cache"),
} as const satisfies Readonly<Partial<Record<keyof OpenOptions, unknown>>>;

const dataRootField = text("folder with the data sets (default: $ESPALIER_DATA, else the user's cache)", "folder");

/** Of commands whose argument is the data. */
export const dataArgumentFields = { dataRoot: dataRootField, ...readerFields };

/** Of data with columns of texts, for a model of text. */
export const textFields = {
  tokenizer: text("tokenizer.json, or the folder that it lies in (default: that of the model's folder)", "file|folder"),
  textColumns: texts("the column of texts, or the two whose texts are a pair (default: the only one of texts)", "a,b"),
  maxLength: integerField(
    "the most tokens of a text (default: what the tokenizer's files and the model's positions say)",
    { min: 1 },
  ),
};

export const dataFields = {
  data: text(
    "data set by name, a folder (of images, say), a file (.csv, .tsv, .jsonl, .parquet, .npz, .npy), s3://BUCKET/KEY of either, or a module that exports one",
    "name|path",
  ),
  columns: namesField("which columns of the data are for which of the model's inputs and outputs, where names differ"),
  dataRoot: dataRootField,
  ...readerFields,
  ...textFields,
  normalize: normalization(
    "normalize inputs: auto, none, or MEAN/STD of x / 255 (default: auto, as the model records; else x / 255 for a model from a file, as the data set says for others)",
  ),
};

export type DataSettings = ValuesOf<typeof dataFields>;

/** As the library wants it: undefined = what the file or the data set says, null = none. */
export const normalizationSetting = (n: DataSettings["normalize"]) =>
  n === "none" ? null : n === "auto" ? undefined : n;

const keys = Object.keys(readerFields) as (keyof typeof readerFields)[];

/**
 * What `datasets.open` is told.
 * @param loss of those that fit numbers, labels are numbers unless something else is said
 * @param encoding of the model that the data is for
 * @param images that this model wants
 */
export function readerOptions(
  values: ValuesOf<typeof dataArgumentFields> & { readonly loss?: LossSetting },
  encoding?: Encoding | null,
  images?: ImagesWanted,
): OpenOptions {
  const given = Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])));
  const { dataRoot, loss } = values;
  const fits = loss !== undefined && fitsNumbers(loss);
  return {
    ...given,
    ...(fits && { expects: "numbers" }),
    ...(dataRoot && { root: dataRoot }),
    ...(encoding !== undefined && { encoding }),
    ...(images && { images }),
  };
}
