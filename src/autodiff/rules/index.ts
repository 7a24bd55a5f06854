/** Every operator's gradient rule. An operator of the table that is missing here does not compile. */
import type { OpName } from "../../graph/ops/index.ts";
import { activationRules } from "./activation.ts";
import { convolutionRules } from "./convolution.ts";
import { elementwiseRules } from "./elementwise.ts";
import { linearRules } from "./linear.ts";
import { movementRules } from "./movement.ts";
import { normalizationRules } from "./normalization.ts";
import { poolingRules } from "./pooling.ts";
import { reductionRules } from "./reduction.ts";
import type { Rules } from "./rule.ts";

/** Results that are no floats, or that depend on no float. */
const notDifferentiable = [
  "And",
  "ArgMax",
  "ArgMin",
  "Constant",
  "ConstantOfShape",
  "Equal",
  "Greater",
  "GreaterOrEqual",
  "Less",
  "LessOrEqual",
  "Not",
  "OneHot",
  "Or",
  "Shape",
  "Xor",
] as const satisfies readonly OpName[];

export type Differentiable = Exclude<OpName, (typeof notDifferentiable)[number]>;

export const rules: Rules<Differentiable> = {
  ...elementwiseRules,
  ...activationRules,
  ...linearRules,
  ...convolutionRules,
  ...poolingRules,
  ...normalizationRules,
  ...reductionRules,
  ...movementRules,
};

/** Operators whose rules are elementwise themselves, and so may be given a dy that still broadcasts to y. */
export const broadcasting: ReadonlySet<string> = new Set([
  ...Object.keys(elementwiseRules),
  ...Object.keys(activationRules),
]);
