/** HSPG on groups that span the tensors of a residual network: the half-space test, frozen groups, the guard. */
import { expect, test } from "vitest";
import { residualBlock } from "../../test/support/residual-block.ts";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import type { Tensor } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { groupSets } from "../groups/groups.ts";
import { eachRun } from "../groups/runs.ts";
import { zeroGroups } from "../groups/zeros.ts";
import { type HspgOptions, hspg } from "../optim/hspg.ts";
import { constant } from "../optim/schedule.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import type { Penalty } from "../prox/penalty.ts";
import { wgsef } from "../prox/wgsef.ts";
import { train } from "./train.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 24, test: 4, seed: 3 });
const model = residualBlock({ seed: 5, side: 28, classes: 10 });
const sets = groupSets(model.graph, "coupled", { side: "producer" });
type Weights = ReadonlyMap<string, Tensor>;

/** The weights after every epoch, which is one step. */
async function weightsOf(penalty: Penalty, options: HspgOptions, epochs: number, lr: number): Promise<Weights[]> {
  const run = train(model, data, {
    engine,
    optimizer: hspg(options),
    penalty,
    schedule: constant({ lr }),
    epochs,
    batchSize: 24,
    lambdaWarmup: 0,
  });
  const all: Weights[] = [];
  for await (const _ of run) all.push(new Map([...run.model.graph.initializers].map(([v, t]) => [v.name, t])));
  return all;
}

/** ⟨a_g, b_g⟩ over all members of every group, in float64. */
function products({ members, count }: GroupSet, a: Weights, b: Weights): number[] {
  const sums = Array<number>(count).fill(0);
  for (const { param, view, axes, channels } of members) {
    const [x, y] = [a, b].map((w) => w.get(param.name)!.data);
    eachRun(view, axes, [], (c, _, start, end) => {
      const group = channels ? channels[c] : c;
      for (let i = start; i < end; i++) if (group >= 0) sums[group] += Number(x[i]) * Number(y[i]);
    });
  }
  return sums;
}

const alive = (w: Weights) => sets.map((set) => [...zeroGroups(set, w)].filter((z) => !z).length);

test("the half-space test agrees with one on the host, group by group", async () => {
  expect(sets.map((s) => s.members.length)).toEqual([6, 3]); // two convolutions and two norms make the stream
  const penalty = groupLasso({ lambda: 0.05, side: "producer", weights: "uniform" });
  const base = { stage1: "gradient", momentum: 0.5, epsilon: 0.985 } as const;
  const [before, steps] = [2, 4];
  const plain = await weightsOf(penalty, { ...base, switchEpoch: steps }, steps, 0.5); // x̂ is what no projection touches
  const projected = await weightsOf(penalty, { ...base, switchEpoch: before }, steps, 0.5);
  const [x, trial, next] = [plain[before - 1], plain[before], projected[before]];
  const gone = sets.map((set) => {
    const [dots, squares] = [products(set, trial, x), products(set, x, x)];
    return dots.map((d, g) => d < base.epsilon * squares[g]);
  });
  expect(sets.map((set) => [...zeroGroups(set, next)].map(Boolean))).toEqual(gone);
  const count = gone.flat().filter(Boolean).length;
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(10);
  sets.forEach((set, s) => {
    const wanted = products(set, trial, trial);
    products(set, next, next).forEach((square, g) => {
      expect(square).toBeCloseTo(gone[s][g] ? 0 : wanted[g], 5);
    });
  });
  for (const w of projected.slice(before))
    sets.forEach((set) => {
      const first = zeroGroups(set, next);
      expect([...zeroGroups(set, w)].filter((z, g) => first[g] && !z)).toEqual([]); // zero groups stay zero
    });
});

test.each([
  ["k", wgsef({ lambda: 5, k: 2, side: "producer" }), [2, 2], {}],
  ["keep", wgsef({ lambda: 5, keep: 0.5, side: "producer" }), [3, 2], {}],
  ["maxSparsity", groupLasso({ lambda: 5, side: "producer" }), [2, 1], { maxSparsity: 0.75 }],
])("%s: no set falls below its floor at any step, however strong the penalty", async (_, penalty, floor, options) => {
  const all = await weightsOf(penalty, { stage1: "gradient", switchEpoch: 1, epsilon: 0.9, ...options }, 5, 0.15);
  expect(alive(all[0])).toEqual([6, 4]);
  for (const w of all.slice(1)) expect(alive(w)).toEqual(floor);
});

test("without a penalty it says that it is plain SGD", () => {
  const notes = (penalty?: Penalty) =>
    train(model, data, { engine, optimizer: hspg(), penalty, schedule: constant({ lr: 0.1 }), epochs: 2 }).notes;
  expect(notes()).toEqual([expect.stringContaining("hspg without a penalty is plain SGD")]);
  expect(notes(groupLasso({ lambda: 1e-3 }))).toEqual([]);
});

test("what no group holds is trained on: the classifier and, on the consumer side, the norms", async () => {
  const penalty = wgsef({ lambda: 5, k: 2 });
  const all = await weightsOf(penalty, { switchEpoch: 1, epsilon: 0.9 }, 3, 0.15);
  for (const name of ["dense.bias", "inner.norm.weight", "stem.weight"]) {
    const [one, two] = all.slice(1).map((w) => w.get(name)!.data as Float32Array);
    expect(two.some((v, i) => v !== one[i])).toBe(true);
    expect(two.some((v) => v !== 0)).toBe(true);
  }
});
