/**
 * Every topology: random coupled groups zeroed → the shrunk model computes the same (float summation order aside) and
 * its file is smaller. Consumer side: the weights that read a channel; producer side: all that makes it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scattered, zeroed } from "../campaign/graphs/sparse-models.ts";
import { node } from "../src/engine/node.ts";
import { groupSets } from "../src/groups/groups.ts";
import { countZeros } from "../src/groups/zeros.ts";
import { Random } from "../src/math/random.ts";
import { read } from "../src/onnx/read.ts";
import { write } from "../src/onnx/write.ts";
import { prove } from "../src/proof/prove.ts";
import { reduce } from "../src/shrink/apply.ts";
import { cost } from "../src/shrink/cost.ts";
import { shrink } from "../src/shrink/shrink.ts";
import { model } from "./support/random-net.ts";
import { topologies } from "./support/topologies.ts";

const engine = node({ threads: 1 });

for (const [name, { input, build }] of Object.entries(topologies))
  describe(name, () => {
    for (const side of ["consumer", "producer"] as const)
      test.each([1, 2, 3])(`${side} side, seed %i`, async (seed) => {
        const full = model(seed, input, build);
        const sets = groupSets(full.graph, "coupled", { side });
        const random = new Random(seed, "shuffle");
        const dead = new Map(sets.map((s) => [s, Array.from({ length: s.count }, () => random.uniform() < 0.5)]));
        for (const [s, flags] of dead) flags[random.int(s.count)] = false; // at least one of each stays
        const sparse = zeroed(full, sets, (s, group) => dead.get(s)![group]);
        const tensors = new Map([...sparse.graph.initializers].map(([v, t]) => [v.name, t]));
        expect(countZeros(sets, tensors).zero).toBeGreaterThan(0);
        const { model: small, certificate, verification } = await shrink(sparse, { engine });
        expect(verification).toMatchObject({ agree: true, runs: 8 });
        expect(verification.maxRel).toBeLessThan(1e-5);
        expect(certificate.removed.length).toBeGreaterThan(0);
        expect(write(small).length).toBeLessThan(write(sparse).length);
        expect(small.metadata).toEqual(full.metadata);
        if (side === "consumer") {
          const left = groupSets(small.graph, "coupled", { side });
          const smallTensors = new Map([...small.graph.initializers].map(([v, t]) => [v.name, t]));
          expect(countZeros(left, smallTensors).zero).toBe(0);
        }
        // as a user does it later, from the files
        const files = [sparse, small].map((m) => read(write(m)));
        expect(await prove(files[0], certificate, { small: files[1] })).toMatchObject({ holds: true, problems: [] });
      });
  });

test.each(Object.entries(topologies))(
  "%s: zeros anywhere are sound, and shrinking reaches its end",
  async (_, { input, build }) => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed, "shuffle");
      const sparse = scattered(model(seed, input, build), random);
      const { model: small } = await shrink(sparse, { engine, random: 1, tolerance: 1e-5 });
      expect(cost(small).params).toBeLessThanOrEqual(cost(sparse).params);
      expect(reduce(small)).toMatchObject({ removals: [], replacements: [] });
    }
  },
);

const fixtures = join(import.meta.dirname, "fixtures", "onnx");
const imported = readdirSync(fixtures).filter((f) => /^(torch|conv)-.*\.onnx$/.test(f));

test.each(imported)("imported %s", async (file) => {
  const full = read(readFileSync(join(fixtures, file)));
  const sets = groupSets(full.graph, "coupled");
  const sparse = zeroed(full, sets, (s, group) => group % 2 === 1 && s.count > 1);
  const { model: small, verification } = await shrink(sparse, { engine });
  expect(verification.maxRel).toBeLessThan(1e-5);
  const wide = sets.some((s) => s.count > 1);
  if (wide) expect(write(small).length).toBeLessThan(write(sparse).length);
  expect([small.opset, small.dims]).toEqual([full.opset, full.dims]);
});
