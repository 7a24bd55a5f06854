/** Operators that are not looked into: nothing is known of their results, which may depend on every element of every input. */
import { nothing } from "./fact.ts";
import { everywhere, isNeeded } from "./need.ts";
import { NEED, type ProofRule } from "./rules/rule.ts";

export const opaqueRule: ProofRule<unknown> = {
  known: (call, at) => nothing(call.outputs[at]!.shape.length),
  needs: ({ inputs }, k, need) => everywhere(inputs[k]!.shape.length, isNeeded(need) ? NEED.live : NEED.unread),
};
