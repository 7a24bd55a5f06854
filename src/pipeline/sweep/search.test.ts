/** What a search tries: points within the space, the same for the same results, and better than chance where there is something to learn. */
import { describe, expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import { mean } from "../../math/statistics.ts";
import { frontOf, rankedPoints } from "./pareto.ts";
import { sweepPlan } from "./plan.ts";
import { entrants, rungEpochs } from "./rungs.ts";
import { resultsBefore, suggestion } from "./search.ts";
import { gridOf, type SweepSpace, unitPlace, valueAt } from "./space.ts";
import type { SweepPlan } from "./survey.ts";
import type { SeenTrial } from "./tpe.ts";

const space: SweepSpace = {
  lr: { from: 1e-3, to: 1, scale: "log" },
  width: { from: 2, to: 5, integer: true },
  kind: { values: ["a", "b", { of: "c" }] },
};

describe("a space", () => {
  test("values lie in it, from end to end, and know their places", () => {
    const lr = space["lr"];
    expect([valueAt(lr, 0), valueAt(lr, 0.5), valueAt(lr, 1)]).toEqual([1e-3, 0.03162, 1]);
    expect([0, 0.24, 0.26, 0.99, 1].map((u) => valueAt(space["width"], u))).toEqual([2, 2, 3, 5, 5]);
    expect([0, 0.5, 1].map((u) => valueAt(space["kind"], u))).toEqual(["a", "b", { of: "c" }]);
    for (const u of [0.1, 0.4, 0.9]) expect(unitPlace(lr, valueAt(lr, u))).toBeCloseTo(u, 3);
    expect(valueAt(space["width"], unitPlace(space["width"], 4))).toBe(4);
    expect(unitPlace(space["kind"], { of: "c" })).toBe(2);
  });

  test("a grid has every point once, the first name fastest", () => {
    const points = gridOf({ lr: { ...space["lr"], steps: 2 } as never, kind: { values: ["a", "b"] } });
    expect(points).toEqual([
      { lr: 0.001, kind: "a" },
      { lr: 1, kind: "a" },
      { lr: 0.001, kind: "b" },
      { lr: 1, kind: "b" },
    ]);
    expect(gridOf({ width: space["width"] })).toHaveLength(4);
  });

  test.each<[string, object, RegExp]>([
    ["nothing", {}, /the space is empty/],
    ["a range that goes back", { lr: { from: 1, to: 0 } }, /lr cannot be varied: its range/],
    ["a logarithm of 0", { lr: { from: 0, to: 1, scale: "log" } }, /logarithmic/],
    ["half an integer", { n: { from: 0.5, to: 2, integer: true } }, /integers/],
    ["a value twice", { n: { values: [1, 1] } }, /different ones/],
    ["no values", { n: { values: [] } }, /at least one/],
  ])("%s is refused", (_, wrong, said) => {
    expect(() => sweepPlan({ space: wrong as SweepSpace }, 9)).toThrow(said);
  });
});

test.each<[string, object, RegExp]>([
  ["a grid of a range without steps", { space, search: "grid" }, /a grid wants the steps of lr/],
  ["trials of a grid", { space: { kind: space["kind"] }, trials: 3 }, /as many trials as points/],
  ["an unknown search", { space, search: "bayes" }, /there is no search "bayes"/],
  ["an unknown objective", { space, objectives: ["acuracy"] }, /did you mean accuracy/],
  ["an objective twice", { space, objectives: ["ms", "ms"] }, /different ones/],
  ["rungs beyond the end", { space, stopping: { first: 9 } }, /first an integer in 1 … 8/],
  ["no trials", { space, trials: 0 }, /trials/],
])("%s is refused", (_, wrong, said) => {
  expect(() => sweepPlan(wrong as { space: SweepSpace }, 9)).toThrow(said);
});

test("defaults: a grid where everything is listed, at random where there is a range", () => {
  expect(sweepPlan({ space: { kind: space["kind"] } }, 9)).toMatchObject({ search: "grid", trials: 3, rungs: [] });
  expect(sweepPlan({ space }, 9, false).objectives).toEqual(["loss"]);
  expect(() => sweepPlan({ space, objectives: ["loss", "accuracy"] }, 9, false)).toThrow("no accuracy without classes");
  expect(sweepPlan({ space, stopping: true }, 9)).toMatchObject({
    search: "random",
    trials: 30,
    rungs: [1, 3],
    factor: 3,
  });
});

/** All points of a search for the least of a function, each chosen when those are known that it looks at. */
function searched(plan: SweepPlan, f: (values: SeenTrial["values"]) => readonly number[] | null): SeenTrial[] {
  const seen: SeenTrial[] = [];
  for (let n = 0; n < plan.trials; n++) {
    const values = suggestion(n, plan, seen.slice(0, resultsBefore(n, plan)));
    seen.push({ values, point: f(values) });
  }
  return seen;
}

describe("suggestions", () => {
  const bowl = ({ lr, kind }: SeenTrial["values"]) =>
    kind === "a" ? null : [(Math.log10(lr as number) + 1) ** 2 + (kind === "b" ? 0.5 : 0)];

  test.each(["random", "tpe"] as const)(
    "%s: the same results lead to the same points, another seed to others",
    (search) => {
      const plan = sweepPlan({ space, search, trials: 20 }, 9);
      expect(searched(plan, bowl)).toEqual(searched(plan, bowl));
      expect(searched({ ...plan, searchSeed: 2 }, bowl)).not.toEqual(searched(plan, bowl));
    },
  );

  test("tpe looks at all but the last few", () => {
    const plan = sweepPlan({ space, search: "tpe", ahead: 3 }, 9);
    expect([0, 9, 10, 20].map((n) => resultsBefore(n, plan))).toEqual([0, 0, 7, 17]);
  });

  test("tpe comes nearer to the least than chance, and leaves what fails", () => {
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    const late = (search: "random" | "tpe") =>
      seeds.flatMap((searchSeed) => searched(sweepPlan({ space, search, trials: 60, searchSeed }, 9), bowl).slice(30));
    const worth = (all: readonly SeenTrial[]) => mean(all.map(({ point }) => point?.[0] ?? 4));
    const [chance, learnt] = [late("random"), late("tpe")];
    expect(worth(learnt)).toBeLessThan(worth(chance) / 2);
    expect(learnt.filter((t) => !t.point).length).toBeLessThan(chance.filter((t) => !t.point).length / 2);
  });
});

describe("several objectives", () => {
  const points = [[1, 5], [2, 2], [5, 1], [3, 3], null, [4, 1.5], [Number.NaN, 0]];

  test("the front is what nothing beats", () => {
    expect(frontOf(points.slice(0, 6))).toEqual([0, 1, 2, 5]);
    expect(
      frontOf([
        [1, 2],
        [1, 2],
        [1, 3],
      ]),
    ).toEqual([0, 1]);
    expect(frontOf([null])).toEqual([]);
  });

  test("fronts come in their order, failures last", () => {
    expect(rankedPoints(points)).toEqual([0, 2, 1, 5, 3, 4, 6]);
    expect(rankedPoints([[3], null, [1], [3]])).toEqual([2, 0, 3, 1]);
    expect(rankedPoints([])).toEqual([]);
  });
});

describe("successive halving", () => {
  test("the rungs grow by the factor up to the end", () => {
    expect([rungEpochs({}, 9), rungEpochs({}, 10), rungEpochs({ first: 2, factor: 2 }, 20)]).toEqual([
      [1, 3],
      [1, 3, 9],
      [2, 4, 8, 16],
    ]);
  });

  const worth = (trial: number) => new Random(7, "sweep", trial).uniform();

  test("who goes how far does not hang on who was there first", () => {
    const whole = entrants(27, 3, 3, (trial, rung) => [worth(trial) + rung / 100]);
    expect(whole.map((r) => r.length)).toEqual([27, expect.any(Number), expect.any(Number)]);
    const best = [...Array(27).keys()].sort((a, b) => worth(a) - worth(b)).slice(0, 9);
    for (const trial of best) expect(whole[1]).toContain(trial);
    expect(whole[2]).toContain(best[0]);
    expect(whole[1].length).toBeLessThan(18);
    // whatever is known, those who go on are the first of those who will
    const random = new Random(8, "sweep");
    for (let round = 0; round < 50; round++) {
      const there = new Set([...Array(27).keys()].filter(() => random.uniform() < 0.8));
      const part = entrants(27, 3, 3, (trial, rung) => (there.has(trial) ? [worth(trial) + rung / 100] : undefined));
      for (const rung of [1, 2]) expect(part[rung]).toEqual(whole[rung].slice(0, part[rung].length));
    }
  });

  test("what failed goes nowhere, and holds nobody up", () => {
    const [, second] = entrants(6, 2, 3, (trial) => (trial < 3 ? null : [trial]));
    expect(second).toEqual([3, 4]);
    expect(entrants(6, 2, 3, () => null)[1]).toEqual([]);
  });
});
