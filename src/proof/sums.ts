/** Operators that add up: what is always zero there adds nothing, and is needed for no more than that. */
import { type Fact, isZero } from "./fact.ts";
import { places, union } from "./field.ts";
import { spreadNeed } from "./need.ts";
import { NEED, type Need, type ProofRule } from "./rules/rule.ts";

/** A need in which what is known to be zero may go. */
export function zerosMayGo(need: Need, known: Fact): Need {
  if (!known.value.some((_, i) => isZero(known, i))) return need;
  const shape = union(need.shape, known.shape);
  const from = places(known.shape, shape);
  const level = Uint8Array.from(spreadNeed(need, shape), (l, i) =>
    isZero(known, from[i]) ? Math.min(l, NEED.zero) : l,
  );
  return { shape, level };
}

/** An operator of which the first input's elements are added up. */
export const adding = <A>(rule: ProofRule<A>): ProofRule<A> => ({
  ...rule,
  needs: (call, k, need, at) => zerosMayGo(rule.needs(call, k, need, at), call.known[0]),
});
