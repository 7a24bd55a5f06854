/** The grouping rules by operator. An operator that is missing here is a barrier: nothing is removed across it. */
import type { Node } from "../../graph/types.ts";
import { convolution } from "./convolution.ts";
import { linear } from "./linear.ts";
import type { Rule } from "./rule.ts";

const rules: Readonly<Record<string, Rule>> = { ...linear, ...convolution };

/** The rule of a node's operator, or undefined. */
export const ruleOf = ({ op, domain }: Node): Rule | undefined =>
  domain === "" && Object.hasOwn(rules, op) ? rules[op] : undefined;
