/** Every operator's forms, in the notation of notation.ts. */
import type { OpName } from "../../graph/ops/index.ts";
import { convolutionForms } from "./convolution.ts";
import { elementwiseForms } from "./elementwise.ts";
import { linearForms } from "./linear.ts";
import { movementForms } from "./movement.ts";
import { normalizationForms } from "./normalization.ts";
import { poolingForms } from "./pooling.ts";
import { recurrentForms } from "./recurrent.ts";
import { reductionForms } from "./reduction.ts";
import { samplingForms } from "./sampling.ts";
import { selectionForms } from "./selection.ts";

export const forms: Readonly<Record<OpName, string>> = {
  ...elementwiseForms,
  ...linearForms,
  ...convolutionForms,
  ...poolingForms,
  ...normalizationForms,
  ...reductionForms,
  ...movementForms,
  ...recurrentForms,
  ...samplingForms,
  ...selectionForms,
};
