/** Every operator's gradient rule. An operator of the table that is missing here does not compile. */
import type { OpName } from "../../graph/ops/index.ts";
import { activation } from "./activation.ts";
import { convolution } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { linearRules } from "./linear.ts";
import { movement } from "./movement.ts";
import { normalization } from "./normalization.ts";
import { pooling } from "./pooling.ts";
import { reduction } from "./reduction.ts";
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
  ...elementwise,
  ...activation,
  ...linearRules,
  ...convolution,
  ...pooling,
  ...normalization,
  ...reduction,
  ...movement,
};

/** Operators whose rules are elementwise themselves, and so may be given a dy that still broadcasts to y. */
export const pointwise: ReadonlySet<string> = new Set([...Object.keys(elementwise), ...Object.keys(activation)]);
