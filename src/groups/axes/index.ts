/** The grouping rules by operator. An operator that is missing here is a barrier: nothing is removed across it. */
import type { Node } from "../../graph/types.ts";
import { convolution } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { linear } from "./linear.ts";
import { movement } from "./movement.ts";
import { normalization } from "./normalization.ts";
import { pooling } from "./pooling.ts";
import { reduction } from "./reduction.ts";
import type { Rule } from "./rule.ts";

const rules: Readonly<Record<string, Rule>> = {
  ...elementwise,
  ...linear,
  ...convolution,
  ...pooling,
  ...normalization,
  ...reduction,
  ...movement,
};

/** The rule of a node's operator, or undefined. */
export const ruleOf = ({ op, domain }: Node): Rule | undefined =>
  domain === "" && Object.hasOwn(rules, op) ? rules[op] : undefined;
