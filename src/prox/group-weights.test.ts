import { expect, test } from "vitest";
import { builder } from "../graph/builder.ts";
import { reshape } from "../graph/emit.ts";
import { full } from "../graph/tensor.ts";
import type { Graph } from "../graph/types.ts";
import { groupSets } from "../groups/groups.ts";
import { models } from "../models/index.ts";
import { groupWeights } from "./group-weights.ts";

const { graph } = models.lenet5({ seed: 1 });
const sets = groupSets(graph, "coupled");

test("macs: √(MACs of the readers · width), up to one factor", () => {
  const omega = groupWeights(graph, sets, { weights: "macs", groups: "coupled" });
  // what reads a channel of conv1: 50 filters of 5×5 at 8×8 places; of conv2: 500 weights for each of 4×4 places; of fc1: ten weights
  const macs: Record<string, number> = { "conv1.weight": 50 * 25 * 64, "conv2.weight": 500 * 16, "fc1.weight": 10 };
  const ratios = sets.map((set) => omega.get(set)![0] / Math.sqrt(macs[set.name] * set.count));
  expect(ratios).toHaveLength(3);
  for (const ratio of ratios) expect(ratio / ratios[0]).toBeCloseTo(1, 6);
});

test("macs: on average as large as balanced, so that a lambda means as much", () => {
  const total = (how: "macs" | "balanced") =>
    [...groupWeights(graph, sets, { weights: how, groups: "coupled" }).values()]
      .flatMap((omega) => [...omega])
      .reduce((a, b) => a + b, 0);
  expect(total("macs")).toBeCloseTo(total("balanced"), 6);
});

test("latency: in proportion to the milliseconds that a channel saves, on either side and on average as large as balanced", () => {
  const times = [
    { name: "conv1.weight", channels: 20, ms: 0.02 },
    { name: "conv2.weight", channels: 50, ms: 0.01 },
    { name: "fc1.weight", channels: 500, ms: 0.0005 },
  ];
  for (const side of ["consumer", "producer"] as const) {
    const own = groupSets(graph, "coupled", { side });
    const omega = groupWeights(graph, own, { weights: "latency", groups: "coupled", times });
    const [conv1, conv2, fc1] = own.map((set) => [...omega.get(set)!]);
    expect([conv1.length, conv2.length, fc1.length]).toEqual([20, 50, 500]);
    expect(new Set(conv1).size).toBe(1);
    expect(conv1[0] / conv2[0]).toBeCloseTo(2, 6);
    expect(conv2[0] / fc1[0]).toBeCloseTo(20, 6);
    const mean = (weights: "latency" | "balanced") => {
      const all = [...groupWeights(graph, own, { weights, groups: "coupled", times }).values()].flatMap((w) => [...w]);
      return all.reduce((a, b) => a + b, 0) / all.length;
    };
    expect(mean("latency")).toBeCloseTo(mean("balanced"), 6);
  }
});

test("latency: channels of no known time weigh as the least of the others", () => {
  const times = [
    { name: "conv1.weight", channels: 20, ms: 0.02 },
    { name: "conv2.weight", channels: 50, ms: 0.01 },
  ];
  const omega = groupWeights(graph, sets, { weights: "latency", groups: "coupled", times });
  const [, conv2, fc1] = sets.map((set) => omega.get(set)![0]);
  expect(fc1).toBe(conv2);
});

test.each([
  ["a run without a time", "coupled", undefined, /weights latency wants a run that is steered to a time/],
  ["groups that are no channels", "inputChannel", [], /times weigh channels of the whole network/],
  ["times of another model", "coupled", [{ name: "stem", channels: 3, ms: 1 }], /of other channels.*\n {2}got +stem 3/],
] as const)("latency: %s is refused", (_, groups, times, said) => {
  expect(() => groupWeights(graph, sets, { weights: "latency", groups, times })).toThrow(said);
});

/** Σ over its groups of MACs, up to a factor that all sets of a graph share: ω² is MACs · width. */
const share = (graph: Graph, name: string): number => {
  const sets = groupSets(graph, "inputChannel");
  const set = sets.find((s) => s.members.some(({ param }) => param.name === name))!;
  return groupWeights(graph, sets, { weights: "macs", groups: "inputChannel" })
    .get(set)!
    .reduce((sum, w) => sum + (w * w) / set.count, 0);
};

test("macs: a transposed convolution uses its weight at each of its input's places", () => {
  const g = builder("net");
  const x = g.input("x", "float32", [1, 3, 6, 6]);
  const conv = g.Conv(x, g.initializer("conv", full([4, 3, 3, 3], 0.1)), null, { pads: [1, 1, 1, 1] });
  const up = g.ConvTranspose(conv, g.initializer("up", full([4, 5, 2, 2], 0.1)), null, { strides: [2, 2] });
  g.output(up, "y");
  const graph = g.build();
  expect(share(graph, "up") / share(graph, "conv")).toBeCloseTo((4 * 5 * 4 * 36) / (4 * 3 * 9 * 36), 5);
});

test("macs: a recurrent layer uses its weights at every step, whichever output is read", () => {
  const g = builder("net");
  const [steps, hidden] = [7, 5];
  const x = g.input("x", "float32", [steps, 1, 3]);
  const w = g.initializer("w", full([1, 4 * hidden, 3], 0.1));
  const r = g.initializer("r", full([1, 4 * hidden, hidden], 0.1));
  const [, last] = g.LSTM([x, w, r], { hidden_size: hidden });
  g.output(g.MatMul(reshape(g, last, [1, hidden]), g.initializer("head", full([hidden, 2], 0.1))), "y");
  const graph = g.build();
  const ofInputs = share(graph, "w");
  expect(ofInputs).toBeGreaterThan(0);
  expect(ofInputs / share(graph, "head")).toBeCloseTo((steps * 4 * hidden * 3) / (hidden * 2), 5);
});
