import { expect, test } from "vitest";
import { groupSets } from "../groups/groups.ts";
import { models } from "../models/index.ts";
import { groupWeights } from "./group-weights.ts";

const { graph } = models.lenet5({ seed: 1 });
const sets = groupSets(graph, "coupled");

test("macs: √(MACs of the readers · width), up to one factor", () => {
  const omega = groupWeights(graph, sets, "macs");
  // what reads a channel of conv1: 50 filters of 5×5 at 8×8 places; of conv2: 500 weights for each of 4×4 places; of fc1: ten weights
  const macs: Record<string, number> = { "conv1.weight": 50 * 25 * 64, "conv2.weight": 500 * 16, "fc1.weight": 10 };
  const ratios = sets.map((set) => omega.get(set)![0] / Math.sqrt(macs[set.name] * set.count));
  expect(ratios).toHaveLength(3);
  for (const ratio of ratios) expect(ratio / ratios[0]).toBeCloseTo(1, 6);
});

test("macs: on average as large as balanced, so that a lambda means as much", () => {
  const total = (how: "macs" | "balanced") =>
    [...groupWeights(graph, sets, how).values()].flatMap((omega) => [...omega]).reduce((a, b) => a + b, 0);
  expect(total("macs")).toBeCloseTo(total("balanced"), 6);
});
