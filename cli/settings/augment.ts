/** How training images are varied, from the setting to what the library takes. */
import type { TrainOptions } from "espalier";
import type { TrainConfig } from "./train-fields.ts";

export const augmentSetting = (how: TrainConfig["augment"]): TrainOptions["augment"] =>
  how === "none" ? null : how === "auto" ? undefined : how;
