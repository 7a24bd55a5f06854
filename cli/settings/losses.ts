/** The losses by their names as settings, one for all or one for each of some outputs. */
import {
  binaryCrossEntropy,
  type CrossEntropyOptions,
  crossEntropy,
  type Loss,
  type Losses,
  meanAbsoluteError,
  meanSquaredError,
  modelLoss,
} from "espalier";
import { z } from "zod";
import type { Field } from "./field.ts";
import { camel, kebab } from "./names.ts";

const names = ["crossEntropy", "mse", "l1", "bce", "modelLoss"] as const;
type LossName = (typeof names)[number];

const made: Readonly<Record<LossName, (options: CrossEntropyOptions) => Loss>> = {
  crossEntropy,
  mse: meanSquaredError,
  l1: meanAbsoluteError,
  bce: binaryCrossEntropy,
  modelLoss,
};

/** A loss and its share in a sum. */
interface LossShare {
  readonly loss: LossName;
  readonly weight?: number;
}
/** One loss, or one for each of some outputs. */
export type LossSetting = LossName | Readonly<Record<string, LossShare>>;

const lossName = z.string().transform(camel).pipe(z.enum(names));
const share = z.preprocess(
  (given) => {
    if (typeof given !== "string") return given;
    const [loss, weight, ...more] = given.split("*").map((part) => part.trim());
    if (more.length > 0) return given;
    return weight === undefined ? { loss } : { loss, weight: Number(weight) };
  },
  z.strictObject({ loss: lossName, weight: z.number().positive().optional() }),
);

export const lossField: Field<LossSetting> = {
  schema: z.union([lossName, z.record(z.string(), share).refine((all) => Object.keys(all).length > 0)]),
  wanted: `${names.map(kebab).join(", ")}, or one for each output, as logits:cross-entropy,boxes:l1*0.5`,
  help: "cross-entropy (default), mse, l1, bce, model-loss (the output is the loss); or one for each of some outputs, with weights",
  value: "name|output:name*weight,…",
  accepts: {
    anyOf: [
      { enum: names.map(kebab) },
      {
        type: "object",
        minProperties: 1,
        additionalProperties: {
          anyOf: [
            { type: "string", examples: names.map(kebab) },
            {
              type: "object",
              properties: { loss: { enum: names.map(kebab) }, weight: { type: "number", exclusiveMinimum: 0 } },
              required: ["loss"],
              additionalProperties: false,
            },
          ],
        },
      },
    ],
  },
  read(text) {
    if (!text.includes(":")) return text;
    const cut = (part: string) => [
      part.slice(0, part.lastIndexOf(":")).trim(),
      part.slice(part.lastIndexOf(":") + 1).trim(),
    ];
    const terms = text.split(",").map(cut);
    const clear =
      terms.every(([output]) => output !== "") && new Set(terms.map(([output]) => output)).size === terms.length;
    return clear && text.split(",").every((part) => part.includes(":")) ? Object.fromEntries(terms) : text;
  },
};

/** Which losses a setting names, for the settings that belong to one of them. */
export const lossesIn = (setting: LossSetting): readonly LossName[] =>
  typeof setting === "string" ? [setting] : Object.values(setting).map(({ loss }) => loss);

/** Whether labels are numbers to come near to, for all of them. */
export const fitsNumbers = (setting: LossSetting): boolean =>
  lossesIn(setting).every((name) => made[name]({}).labels === "target");

/** What the library is given. @param options of those that have them */
export function lossOf(setting: LossSetting = "crossEntropy", options: CrossEntropyOptions = {}): Loss | Losses {
  if (typeof setting === "string") return made[setting](options);
  const each = Object.entries(setting).map(([output, { loss, weight }]) => [
    output,
    { loss: made[loss](options), weight },
  ]);
  return Object.fromEntries(each);
}
