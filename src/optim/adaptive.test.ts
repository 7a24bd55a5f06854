/** ProxSSI, ProxGen and RAMDA: the reference's vectors, and a float64 loop with a prox found by bisection. The ε of all adaptive methods. */
import { expect, test } from "vitest";
import { descend } from "../../test/support/descend.ts";
import type { Builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { adam, adamw } from "./adam.ts";
import { proxGen } from "./prox-gen.ts";
import { proxSgd } from "./prox-sgd.ts";
import { proxSsi } from "./prox-ssi.ts";
import { ramda } from "./ramda.ts";
import { constant, type Schedule, warmup } from "./schedule.ts";

const shape = [2, 3] as const;
const start = [0.6, -0.2, 0.05, 0.8, 0.1, -0.04];
const target = [0.5, 0, 0, 0.4, 0.02, 0.01];
const lambda = 0.1;
const penalty = groupLasso({ lambda, groups: "inputChannel", weights: "size" });
const gradient = (
  g: Parameters<Parameters<typeof descend>[0]["gradient"]>[0],
  w: Parameters<Parameters<typeof descend>[0]["gradient"]>[1],
) => g.Sub(w, g.constant(f32(target, shape)));

const near = (got: readonly number[], wanted: readonly number[], digits = 5) => {
  got.forEach((x, i) => {
    if (wanted[i] === 0) expect(x === 0, `${x} is exactly zero`).toBe(true);
    else expect(x).toBeCloseTo(wanted[i], digits);
  });
};

test("RAMDA with the group lasso: the reference's vector 6.4", async () => {
  const still = { ...constant({ lr: 0.05 }), milestones: [1000], gamma: 0.1 };
  const optimizer = ramda({ c: 0.5, eps: 1e-6 });
  const trace = await descend({ optimizer, schedule: still, penalty, shape, start, gradient, steps: 3 });
  near(trace[0].candidate, [0.484844881, -0.066175923, 0, 0.671338586, 0.016504273, 0]);
  near(trace[1].candidate, [0.393349399, 0, 0, 0.570505597, 0, 0]);
  near(trace[2].candidate, [0.348766969, 0, 0, 0.478743422, 0, 0]);
  near(trace[2].w, [0.408326445, -0.03327199, 0.00625, 0.565915433, 0.014563034, -0.005]);
});

/** argmin ½Σd(w−p)² + κ‖w‖ of one group, θ = ‖w‖ by bisection. */
function groupProx(p: number[], d: number[], kappa: number): number[] {
  if (Math.hypot(...p.map((x, i) => x * d[i])) <= kappa) return p.map(() => 0);
  const at = (theta: number) => Math.hypot(...p.map((x, i) => (x * d[i]) / (d[i] * theta + kappa)));
  let [lo, hi] = [0, Math.hypot(...p)];
  for (let i = 0; i < 200; i++) {
    const mid = (lo + hi) / 2;
    if (at(mid) > 1) lo = mid;
    else hi = mid;
  }
  return p.map((x, i) => (x * d[i] * lo) / (d[i] * lo + kappa));
}

const lr = 0.02;
test.each([
  [
    "proxSsi",
    proxSsi(),
    (u: number, t: number) => Math.sqrt(u) + 1e-6 + 0 * t,
    (t: number) => (lr * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t),
  ],
  [
    "proxGen",
    proxGen(),
    (u: number, t: number) => Math.sqrt(u / (1 - 0.999 ** t)) + 1e-8,
    (t: number) => lr / (1 - 0.9 ** t),
  ],
] as const)("%s follows its loop in float64", async (_, optimizer, metricOf, rateOf) => {
  const steps = 25;
  const trace = await descend({ optimizer, schedule: constant({ lr }), penalty, shape, start, gradient, steps });
  let w = [...start];
  const m = start.map(() => 0);
  const u = start.map(() => 0);
  let zeros = 0;
  for (let t = 1; t <= steps; t++) {
    const p: number[] = [];
    const d: number[] = [];
    w.forEach((x, i) => {
      const g = x - target[i];
      m[i] = 0.9 * m[i] + 0.1 * g;
      u[i] = 0.999 * u[i] + 0.001 * g * g;
      d.push(metricOf(u[i], t));
      p.push(x - (rateOf(t) * m[i]) / d[i]);
    });
    const next = [...w];
    for (let column = 0; column < 3; column++) {
      const found = groupProx([p[column], p[column + 3]], [d[column], d[column + 3]], lr * lambda * Math.SQRT2);
      [next[column], next[column + 3]] = found;
    }
    w = next;
    zeros += w.filter((x) => x === 0).length;
    near(trace[t - 1].w, w, 4);
  }
  expect(zeros).toBeGreaterThan(0);
});

test.each([
  ["adam", (eps: number) => adam({ eps })],
  ["adamw", (eps: number) => adamw({ eps, weightDecay: 0 })],
  ["proxSsi", (eps: number) => proxSsi({ eps })],
  ["proxGen", (eps: number) => proxGen({ eps })],
  ["ramda", (eps: number) => ramda({ eps })],
  ["proxSgd yang", (eps: number) => proxSgd({ form: "yang", eps })],
])(
  "%s: an eps that is 0 in float32 is refused; the least one keeps a weight without a gradient finite",
  async (_, make) => {
    for (const eps of [0, 1e-50, -1, Number.POSITIVE_INFINITY, Number.NaN])
      expect(() => make(eps)).toThrow("eps is out of range");
    const still = (g: Builder, w: Value) => g.Sub(w, w);
    const optimizer = make(1e-30);
    const trace = await descend({ optimizer, schedule: constant({ lr }), shape, start, gradient: still, steps: 3 });
    near(trace[2].w, start);
  },
);

test("proxSgd yang says when it begins with more than a whole step", () => {
  const notes = (schedule: Schedule) => proxSgd({ form: "yang" }).warnings!(schedule, 4, 10);
  expect(notes(constant({ lr: 2.2 }))).toHaveLength(1);
  expect(String(notes(constant({ lr: 2.3 }))[0])).toContain("up to 1.03");
  expect(String(notes(warmup(constant({ lr: 5 }), { epochs: 1 }))[0])).toContain("up to 1.3"); // 5/√(11+4), once the warm-up is over
});
