/** Every operator's gradient rule. An operator of the table that is missing here does not compile. */
import { activationRules } from "./activation.ts";
import { convolutionRules } from "./convolution.ts";
import { elementwiseRules } from "./elementwise.ts";
import { linearRules } from "./linear.ts";
import { movementRules } from "./movement.ts";
import { normalizationRules } from "./normalization.ts";
import { poolingRules } from "./pooling.ts";
import { recurrentRules } from "./recurrent.ts";
import { reductionRules } from "./reduction.ts";
import type { Differentiable, Rules } from "./rule.ts";
import { samplingRules } from "./sampling.ts";
import { selectionRules } from "./selection.ts";

export const rules: Rules<Differentiable> = {
  ...elementwiseRules,
  ...activationRules,
  ...linearRules,
  ...convolutionRules,
  ...poolingRules,
  ...normalizationRules,
  ...reductionRules,
  ...movementRules,
  ...recurrentRules,
  ...samplingRules,
  ...selectionRules,
};

/** Operators whose rules are elementwise themselves, and so may be given a dy that still broadcasts to y. */
export const broadcasting: ReadonlySet<string> = new Set([
  ...Object.keys(elementwiseRules),
  ...Object.keys(activationRules),
]);
