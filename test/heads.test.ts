import { describe, expect, test } from "vitest";
import { zeroed } from "../campaign/graphs/sparse-models.ts";
import { node } from "../src/engine/node.ts";
import type { GroupSet } from "../src/groups/group-set.ts";
import { groupSets } from "../src/groups/groups.ts";
import { Random } from "../src/math/random.ts";
import { cost } from "../src/shrink/cost.ts";
import { shrink } from "../src/shrink/shrink.ts";
import { attentionModel, randomAttention } from "./support/random-attention.ts";

const engine = node({ threads: 1 });
/** Every projection with every way to turn positions. */
const SEEDS = 20;

/** Some groups of each set, never all. */
function someOf(sets: readonly GroupSet[], random: Random): Map<string, Set<number>> {
  const dead = sets.map(({ name, count }) => {
    const chosen = Array.from({ length: count }, (_, i) => i).filter(() => random.uniform() < 0.4);
    return [name, new Set(chosen.length === count ? chosen.slice(1) : chosen)] as const;
  });
  return new Map(dead);
}

const weightsOf = (sets: readonly GroupSet[], dead: Map<string, Set<number>>) =>
  sets.reduce((n, s) => n + [...dead.get(s.name)!].reduce((k, g) => k + s.sizes[g], 0), 0);

describe.each(["headWidth", "coupled"] as const)("%s groups of attentions of random sizes", (kind) => {
  test.each(["consumer", "producer"] as const)(
    "%s side: what is zero goes, proved, and the rest computes the same",
    async (side) => {
      let zeros = 0;
      for (let seed = 0; seed < SEEDS; seed++) {
        const random = new Random(seed, "init");
        const attention = randomAttention(random, seed);
        const full = attentionModel(attention, random);
        const sets = groupSets(full.graph, kind, { side });
        const dead = someOf(sets, random);
        const sparse = zeroed(full, sets, (set, group) => dead.get(set.name)!.has(group));
        const { model: small, verification, proof } = await shrink(sparse, { engine, random: 1 });
        const what = `seed ${seed}: ${JSON.stringify(attention)}`;
        expect(proof.holds && verification.agree, what).toBe(true);
        const [gone, zero] = [cost(full).params - cost(small).params, weightsOf(sets, dead)];
        // one weight makes several axes where projections are not apart: of one that would lose all, one index stays
        if (attention.projection === "apart") expect(gone, what).toBeGreaterThanOrEqual(zero);
        else if (zero > 0) expect(gone, what).toBeGreaterThan(0);
        zeros += zero;
      }
      expect(zeros).toBeGreaterThan(0);
    },
  );
});

test("heads and indices of heads go together", async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = new Random(seed, "mask");
    const full = attentionModel(randomAttention(random, seed), random);
    let sparse = full;
    for (const kind of ["coupled", "headWidth"] as const) {
      const sets = groupSets(full.graph, kind, { side: "producer" });
      const dead = someOf(sets, random);
      sparse = zeroed(sparse, sets, (set, group) => dead.get(set.name)!.has(group));
    }
    const { proof, verification } = await shrink(sparse, { engine, random: 1 });
    expect(proof.holds && verification.agree, `seed ${seed}`).toBe(true);
  }
});

test.each([
  ["none", { q: 6, v: 4 }],
  ["halves", { q: 3, v: 4 }],
  ["neighbours", { q: 3, v: 4 }],
  ["stepped", { q: 3, v: 4 }],
] as const)("positions %s: so many groups of queries with keys, and of values", (rotary, wanted) => {
  const attention = { projection: "apart", rotary, heads: 4, shared: 2, width: 6, value: 4, bias: true } as const;
  const { graph } = attentionModel(attention, new Random(1, "init"));
  const sets = groupSets(graph, "headWidth", { side: "producer" });
  const count = (name: string) => sets.find((s) => s.members.some((m) => m.param.name === name))?.count;
  expect({ q: count("q.weight"), k: count("k.weight"), v: count("v.weight") }).toEqual({ ...wanted, k: wanted.q });
});
