/** Every operator's rule for proofs. An operator that is not in graph/ops is opaque. */

import { ruleIn } from "../../graph/op-site.ts";
import type { OpName } from "../../graph/ops/index.ts";
import type { Attrs, Node } from "../../graph/types.ts";
import { opaqueRule } from "../opaque.ts";
import { convolutionProofs } from "./convolution.ts";
import { elementwiseProofs } from "./elementwise.ts";
import { linearProofs } from "./linear.ts";
import { movementProofs } from "./movement.ts";
import { normalizationProofs } from "./normalization.ts";
import { poolingProofs } from "./pooling.ts";
import { recurrentProofs } from "./recurrent.ts";
import { reductionProofs } from "./reduction.ts";
import type { ProofRule, ProofRuleOf } from "./rule.ts";
import { samplingProofs } from "./sampling.ts";
import { selectionProofs } from "./selection.ts";

const proofRules: { readonly [K in OpName]: ProofRuleOf<K> } = {
  ...elementwiseProofs,
  ...linearProofs,
  ...convolutionProofs,
  ...poolingProofs,
  ...normalizationProofs,
  ...reductionProofs,
  ...movementProofs,
  ...recurrentProofs,
  ...samplingProofs,
  ...selectionProofs,
};

/** The rule of a node. */
export const proofRuleOf = (node: Node): ProofRule<Attrs> => ruleIn<ProofRule<Attrs>>(proofRules, node) ?? opaqueRule;
