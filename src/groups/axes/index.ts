/** How channels pass through each operator. An operator of the table that has no entry here does not compile. */

import { type AnySite, opSiteOf, ruleIn } from "../../graph/op-site.ts";
import type { OpName } from "../../graph/ops/index.ts";
import type { Node } from "../../graph/types.ts";
import { convolutionAxes } from "./convolution.ts";
import { elementwiseAxes } from "./elementwise.ts";
import { linearAxes } from "./linear.ts";
import { movementAxes } from "./movement.ts";
import { normalizationAxes } from "./normalization.ts";
import { poolingAxes } from "./pooling.ts";
import { recurrentAxes } from "./recurrent.ts";
import { reductionAxes } from "./reduction.ts";
import type { Barrier, Flow, StoredInput } from "./rule.ts";
import { samplingAxes } from "./sampling.ts";
import { selectionAxes } from "./selection.ts";

const axes = {
  ...elementwiseAxes,
  ...linearAxes,
  ...convolutionAxes,
  ...poolingAxes,
  ...normalizationAxes,
  ...reductionAxes,
  ...movementAxes,
  ...recurrentAxes,
  ...samplingAxes,
  ...selectionAxes,
} satisfies { readonly [K in OpName]: unknown };

type AnyRule = Barrier | ((site: AnySite, stored: StoredInput) => Flow);

/** Why no channel passes through an operator of the table; undefined where some may. */
export function barrierOf(op: string): string | undefined {
  const rule = ruleIn<AnyRule>(axes, { op, domain: "" });
  return rule && "barrier" in rule ? rule.barrier : undefined;
}

/** What the table says of a node; an operator outside of it is a barrier: nothing is removed across it. */
export function flowOf(node: Node, stored: StoredInput): Flow {
  const rule = ruleIn<AnyRule>(axes, node);
  if (!rule) return { ties: [], why: "has no grouping rule" };
  return "barrier" in rule ? { ties: [], why: rule.barrier } : rule(opSiteOf(node), stored);
}
