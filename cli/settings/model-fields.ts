/** The settings of every command that reads a model from a file. */
import type { ReadOptions } from "espalier";
import { choice, sizesField, type ValuesOf } from "./field.ts";

const dim = sizesField("sizes that the file leaves free, at which the model is looked at");

/** Of a command that writes no model. */
export const modelFields = {
  dim,
  precision: choice("floats of the file: as stored (default), or all of them read as float32", ["stored", "float32"]),
};

/** Of one that does. */
export const rewrittenFields = {
  dim,
  precision: choice(
    "read all floats as float32, and write them so, or rounded to what they were: float32, stored (default: nothing is changed)",
    ["float32", "stored"],
  ),
};

export const readingOf = ({ dim, precision }: ValuesOf<typeof modelFields>): ReadOptions => ({ sizes: dim, precision });

/** To write floats as they were, a model is read in float32 too. */
export const rewritingOf = ({ dim, precision }: ValuesOf<typeof rewrittenFields>): ReadOptions => ({
  sizes: dim,
  precision: precision && "float32",
});
