/**
 * Stored tables of which other entries are taken where the network's inputs have other sizes: a table of positions that is sliced by the
 * length of a text. Whatever size a graph is looked at, any entry may be taken: known is what is alike in all of them, and needed of
 * each is what any of them is needed for.
 */
import { isPlain } from "../graph/sizes.ts";
import type { Size } from "../graph/types.ts";
import { met } from "./fact.ts";
import { greatest } from "./need.ts";
import type { Call, ProofRule } from "./rules/rule.ts";

/** Whether a number of an attribute is another one at other sizes. */
export type Moves = (attr: string, i: number) => boolean;

/** @param axes along which entries of the first input are taken by such numbers */
export function wherever<A>(
  rule: ProofRule<A>,
  axes: (call: Call<A>, moves: Moves) => readonly number[],
): ProofRule<A> {
  const moving = (call: Call<A>): readonly number[] => {
    const { follows } = call;
    if (!follows || !call.known[0].stored) return [];
    return axes(call, (attr, i) => movesAt(follows[attr], i));
  };
  return {
    ...rule,
    known(call, at) {
      const along = moving(call);
      if (along.length === 0) return rule.known(call, at);
      const [table, ...others] = call.known;
      return rule.known({ ...call, known: [met(table, along), ...others] }, at);
    },
    needs: (call, k, need, at) => {
      const found = rule.needs(call, k, need, at);
      return k === 0 ? greatest(found, moving(call)) : found;
    },
  };
}

const movesAt = (sizes: readonly Size[] | undefined, i: number): boolean =>
  sizes?.[i] !== undefined && !isPlain(sizes[i]);
