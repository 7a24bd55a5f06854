/** Operators that go by where elements stand. */
import { collapsed, known, met } from "../fact.ts";
import { allOnes } from "../field.ts";
import { mix } from "../mix.ts";
import { greatest } from "../need.ts";
import { opaqueRule } from "../opaque.ts";
import type { ProofRuleOf, ProofRules } from "./rule.ts";

type GatherNDCall = Parameters<ProofRuleOf<"GatherND">["known"]>[0];

/** How many axes of the data are looked up, with those of samples, and how many stand in their place. */
const lookedUp = ({ attrs, inputs: [, indices] }: GatherNDCall): { first: number; places: number } => ({
  first: attrs.batch_dims + indices!.shape.at(-1)!,
  places: indices!.shape.length - 1,
});

/** Any element of the axes that are looked up may be taken: known is what is alike in all of them, needed what any of them is. */
const GatherND: ProofRuleOf<"GatherND"> = {
  known(call) {
    const [k] = call.known;
    const { first, places } = lookedUp(call);
    const line = met(
      k,
      allOnes(first).map((_, i) => i),
    );
    return collapsed(known([...allOnes(places), ...line.shape.slice(first)], line.value, line.error));
  },
  needs(call, k, need) {
    if (k === 1) return opaqueRule.needs(call, k, need, 0);
    const { first, places } = lookedUp(call);
    const line = greatest(
      need,
      allOnes(places).map((_, i) => i),
    );
    return { shape: [...allOnes(first), ...line.shape.slice(places)], level: line.level };
  },
};

export const selectionProofs: ProofRules<"selection"> = {
  GatherND,
  Trilu: mix({
    axes: ({ inputs: [x] }) => [x!.shape.length - 2, x!.shape.length - 1],
    of: () => (x) => (x === 0 ? 0 : Number.NaN),
    selects: true,
  }),
  Range: opaqueRule,
};
