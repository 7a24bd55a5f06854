/** What shrinking knows of each operator. An operator of the table that has no entry here does not compile. */

import { type OpSite, opSiteOf, ruleIn } from "../../graph/op-site.ts";
import type { OpFullAttrs, OpName } from "../../graph/ops/index.ts";
import type { Node } from "../../graph/types.ts";
import { convolutionShrinking } from "./convolution.ts";
import { elementwiseShrinking } from "./elementwise.ts";
import { linearShrinking } from "./linear.ts";
import { movementShrinking } from "./movement.ts";
import { normalizationShrinking } from "./normalization.ts";
import { poolingShrinking } from "./pooling.ts";
import { recurrentShrinking } from "./recurrent.ts";
import { reductionShrinking } from "./reduction.ts";
import type { ShrinkRule, Weighted } from "./rule.ts";
import { samplingShrinking } from "./sampling.ts";
import { selectionShrinking } from "./selection.ts";

const shrinkRules: { readonly [K in OpName]: ShrinkRule<OpSite<K>, OpFullAttrs<K>> } = {
  ...elementwiseShrinking,
  ...linearShrinking,
  ...convolutionShrinking,
  ...poolingShrinking,
  ...normalizationShrinking,
  ...reductionShrinking,
  ...movementShrinking,
  ...recurrentShrinking,
  ...samplingShrinking,
  ...selectionShrinking,
};

/** The rule of a node; undefined for operators outside the table. */
export const shrinkRuleOf = (node: Pick<Node, "op" | "domain">): ShrinkRule | undefined =>
  ruleIn<ShrinkRule>(shrinkRules, node);

/** What a node does with a weight; undefined where its operator takes none. */
export function weightedOf(node: Node): Weighted | undefined {
  const fold = shrinkRuleOf(node)?.fold;
  return fold && "weight" in fold ? fold.weight : undefined;
}

/** Whether a weighted node turns a constant channel into the same number everywhere, so that it can move into the bias. */
export function folds(node: Node, constant: number): boolean {
  if (constant === 0) return true;
  return !Number.isNaN(constant) && (weightedOf(node)?.uniform(opSiteOf(node)) ?? false);
}
