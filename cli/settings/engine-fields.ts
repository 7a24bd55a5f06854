/** The settings of every command that runs a model. */
import type { Engine } from "espalier";
import { deviceNames, node } from "espalier/node";
import { choice, integerField, namesField, normalization, text, type ValuesOf } from "./field.ts";

/** Where a model can run. */
export const devices = deviceNames;

export const engineFields = {
  threads: integerField("threads within an operator (default: one per processor)", { min: 1 }),
  device: choice("where the model runs, cpu by default", devices),
};

export const engineOf = ({ threads, device }: ValuesOf<typeof engineFields>): Engine => node({ threads, device });

const normalizationField = normalization(
  "normalize inputs: auto, none, or MEAN/STD (default: auto, as the model records, else as the data set says)",
);

export const dataFields = {
  data: text("data set by name, a folder, an .npz file, or a module that exports one", "name|path"),
  columns: namesField("which columns of the data are for which of the model's inputs and outputs, where names differ"),
  dataRoot: text("folder with the data sets (default: $ESPALIER_DATA, else the user's cache)", "folder"),
  normalize: normalizationField,
};

/** As the library wants it: undefined = what the file or the data set says, null = none. */
export const normalizationSetting = (n: ValuesOf<typeof dataFields>["normalize"]) =>
  n === "none" ? null : n === "auto" ? undefined : n;
