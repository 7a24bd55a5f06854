/** HSPG: both stages against a float64 loop, the guard on what may go, and what it refuses. */
import { expect, test } from "vitest";
import { descend } from "../../test/support/descend.ts";
import { f32 } from "../graph/tensor.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { wgsef } from "../prox/wgsef.ts";
import { type HspgOptions, hspg } from "./hspg.ts";
import { constant } from "./schedule.ts";

const [rows, columns] = [2, 6];
const shape = [rows, columns] as const;
const start = [0.6, -0.2, 0.05, 0.8, 0.1, -0.04, -0.5, 0.3, 0.2, 0.02, -0.3, 0.1];
const target = [0.5, 0.2, 0, 0.4, 0.02, 0.01, -0.4, 0.05, -0.1, 0, -0.2, -0.1];
const lr = 0.05;
const lambda = 0.1;
const penalty = groupLasso({ lambda, groups: "inputChannel", weights: "size" });
type Arguments = Parameters<Parameters<typeof descend>[0]["gradient"]>;
const gradient = (g: Arguments[0], w: Arguments[1]) => g.Sub(w, g.constant(f32(target, shape)));

const columnsOf = (x: readonly number[]) =>
  Array.from({ length: columns }, (_, j) => [x[j], x[columns + j]] as [number, number]);
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((s, x, i) => s + x * b[i], 0);
const norm = (a: readonly number[]) => Math.sqrt(dot(a, a));

/** The equations of the file's first lines in float64, group by group; `least` nonzero groups stay. */
function* loop({ epsilon = 0, stage1 = "prox", momentum = 0 }: HspgOptions, switchStep: number, least = 0) {
  let x = columnsOf(start);
  const goal = columnsOf(target);
  let v = x.map(() => [0, 0]);
  const strength = lambda * Math.sqrt(rows);
  for (let t = 0; ; t++) {
    const byGradient = t >= switchStep || stage1 === "gradient";
    const s = x.map((c, j) =>
      c.map((w, i) => w - goal[j][i] + (byGradient && norm(c) > 0 ? (strength * w) / norm(c) : 0)),
    );
    v = v.map((c, j) => c.map((m, i) => momentum * m + (1 - momentum) * s[j][i]));
    let next = x.map((c, j) => c.map((w, i) => w - lr * v[j][i]));
    if (!byGradient) next = next.map((c) => c.map((w) => w * Math.max(0, 1 - (lr * strength) / norm(c))));
    if (t >= switchStep) {
      const alive = x.map((c) => norm(c) > 0);
      const ratio = x.map((c, j) => dot(next[j], c) / dot(c, c));
      const fails = x.map((_, j) => j).filter((j) => alive[j] && ratio[j] < epsilon);
      const may = alive.filter(Boolean).length - least;
      const gone = fails.sort((a, b) => ratio[a] - ratio[b]).slice(0, Math.max(0, may));
      next = next.map((c, j) => (!alive[j] || gone.includes(j) ? [0, 0] : c));
    }
    x = next as [number, number][];
    yield [...x.map((c) => c[0]), ...x.map((c) => c[1])];
  }
}

const zeroGroups = (w: readonly number[]) => columnsOf(w).filter((c) => c.every((x) => x === 0)).length;

test.each<[string, HspgOptions]>([
  ["a proximal first stage", { epsilon: 0.98 }],
  ["a first stage by gradients", { stage1: "gradient" }],
  ["momentum and ε", { stage1: "prox", momentum: 0.9, epsilon: 0.985 }],
  ["momentum, by gradients", { stage1: "gradient", momentum: 0.7, epsilon: 0.9 }],
])("with %s: both stages as a float64 loop", async (_, options) => {
  const [steps, stepsPerEpoch] = [60, 10];
  const optimizer = hspg({ ...options, switchEpoch: 2 });
  const trace = await descend({
    optimizer,
    schedule: constant({ lr }),
    penalty,
    shape,
    start,
    gradient,
    steps,
    stepsPerEpoch,
  });
  const wanted = loop(options, 2 * stepsPerEpoch);
  for (const { w } of trace) {
    const expected = wanted.next().value as number[];
    w.forEach((x, i) => {
      if (expected[i] === 0) expect(x === 0, `${x} is exactly zero`).toBe(true);
      else expect(x).toBeCloseTo(expected[i], 5);
    });
  }
  const frozen = trace.slice(2 * stepsPerEpoch).map(({ w }) => zeroGroups(w));
  expect(frozen).toEqual([...frozen].sort((a, b) => a - b)); // what is zero stays zero
  expect(frozen.at(-1)).toBeGreaterThan(zeroGroups(trace[2 * stepsPerEpoch - 1].w));
  expect(frozen.at(-1)).toBeLessThan(columns);
});

test("maxSparsity: of the groups that fail the test those that turned furthest go, as many as may", async () => {
  const options = { epsilon: 0.99, maxSparsity: 0.5 };
  const optimizer = hspg({ ...options, switchEpoch: 0 });
  const trace = await descend({ optimizer, schedule: constant({ lr }), penalty, shape, start, gradient, steps: 3 });
  const wanted = loop(options, 0, 3);
  for (const { w } of trace) {
    const expected = wanted.next().value as number[];
    w.forEach((x, i) => {
      expect(x).toBeCloseTo(expected[i], 5);
    });
  }
  expect(zeroGroups(trace[0].w)).toBe(3); // all six fail
});

test.each([
  ["equal groups", Array<number>(12).fill(0.5)],
  ["different groups", start],
])("the k of WGSEF stands, whatever fails: %s", async (_, from) => {
  const steps = 6;
  const strong = wgsef({ lambda: 1.5 / lr, k: 2, groups: "inputChannel" }); // x̂ = −x/2: every group fails at every step
  const optimizer = hspg({ switchEpoch: 0, epsilon: 0.5 });
  const still = (g: Arguments[0], w: Arguments[1]) => g.Mul(w, 0);
  const trace = await descend({
    optimizer,
    schedule: constant({ lr }),
    penalty: strong,
    shape,
    start: from,
    gradient: still,
    steps,
  });
  expect(trace.map(({ w }) => columns - zeroGroups(w))).toEqual(Array(steps).fill(2));
});

test("stage 2 begins at half of the run, or where switchEpoch says, and says when it never does", () => {
  const { clock, warnings } = hspg();
  const kind = (epoch: number, epochs: number, optimizer = hspg()) =>
    optimizer.clock.tick(clock.start(), { epoch, step: 0, stepsPerEpoch: 1, epochs }, constant({ lr: 1 })).kind;
  expect([149, 150].map((e) => kind(e, 300))).toEqual([undefined, "halfSpace"]);
  expect([1, 2].map((e) => kind(e, 300, hspg({ switchEpoch: 2 })))).toEqual([undefined, "halfSpace"]);
  expect(warnings!(constant({ lr: 1 }), 5, 1)).toEqual([]);
  expect(String(hspg({ switchEpoch: 5 }).warnings!(constant({ lr: 1 }), 5, 1)[0])).toContain("never runs");
});

test.each<[string, HspgOptions]>([
  ["switchEpoch", { switchEpoch: 1.5 }],
  ["epsilon", { epsilon: 1 }],
  ["stage1", { stage1: "both" as "prox" }],
  ["momentum", { momentum: 1 }],
  ["maxSparsity", { maxSparsity: 0 }],
])("%s is checked", (name, options) => {
  expect(() => hspg(options)).toThrow(name);
});
