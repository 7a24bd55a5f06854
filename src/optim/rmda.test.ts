import { expect, test } from "vitest";
import { descend } from "../../test/support/descend.ts";
import { f32 } from "../graph/tensor.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { l1 } from "../prox/l1.ts";
import { rmda } from "./rmda.ts";
import type { Moment } from "./schedule.ts";
import { constant, multiStep } from "./schedule.ts";

const near = (got: readonly number[], wanted: readonly number[]) => {
  got.forEach((x, i) => {
    if (wanted[i] === 0) expect(x === 0, `${x} is exactly zero`).toBe(true);
    else expect(x).toBeCloseTo(wanted[i], 5);
  });
};

/** A constant c, as the vectors have it: a milestone far away keeps the final ramp out. */
const still = (lr: number) => ({ ...constant({ lr }), milestones: [1000], gamma: 0.1 });

test("RMDA with L1: the reference's vector 6.1", async () => {
  const b = [0.2, -0.1, 0.02];
  const trace = await descend({
    optimizer: rmda({ c: 0.4 }),
    schedule: still(0.5),
    penalty: l1({ lambda: 0.05 }),
    shape: [1, 3],
    start: [1, -0.5, 0.3],
    gradient: (g, w) => g.Sub(w, g.constant(f32(b, [1, 3]))),
    steps: 6,
  });
  near(trace[0].candidate, [0.575, -0.275, 0.135]);
  near(trace[0].w, [0.83, -0.41, 0.234]);
  near(trace[1].candidate, [0.359479617996, -0.160900974233, 0.051327381104]);
  near(trace[2].candidate, [0.23112137448, -0.092946610019, 0.00149418068]);
  near(trace[3].candidate, [0.170369748817, -0.060783984668, 0]);
  near(trace[3].w, [0.354662094393, -0.158350520561, 0.058293746242]);
  near(trace[5].candidate, [0.166671050485, -0.058825850257, 0]);
  near(trace[5].w, [0.231696797616, -0.093251245797, 0.020985748647]);
});

const matrix = {
  shape: [2, 3] as const,
  start: [0.6, -0.2, 0.05, 0.8, 0.1, -0.04],
  target: [0.5, 0, 0, 0.4, 0.02, 0.01],
};

test("RMDA with the group lasso on input columns: the reference's vector 6.2", async () => {
  const trace = await descend({
    optimizer: rmda({ c: 0.5 }),
    schedule: still(0.3),
    penalty: groupLasso({ lambda: 0.1, groups: "inputChannel", weights: "size" }),
    shape: matrix.shape,
    start: matrix.start,
    gradient: (g, w) => g.Sub(w, g.constant(f32(matrix.target, matrix.shape))),
    steps: 4,
  });
  near(trace[0].candidate, [0.5427453266, -0.1027134067, 0.0004762127, 0.6474856528, 0.0557587065, -0.0003401519]);
  near(trace[1].candidate, [0.5088688699, -0.0496632807, 0, 0.56424014, 0.0290743519, 0]);
  near(trace[1].w, [0.5401207666, -0.100509992, 0.0126190532, 0.6439914832, 0.0534768526, -0.010085038]);
  near(trace[3].candidate, [0.4637505461, 0, 0, 0.4634457561, 0, 0]);
  near(trace[3].w, [0.4876437363, -0.0281874787, 0.0031547633, 0.518928742, 0.0153001292, -0.0025212595]);
});

test("restarts at milestones, against a scalar loop in float64", async () => {
  const lambda = 0.02;
  const lr = 0.4;
  const gamma = 0.1;
  const [start, b] = [0.9, 0.3];
  const trace = await descend({
    optimizer: rmda({ c: 0.1 }),
    schedule: multiStep({ lr, milestones: [2, 3], gamma }),
    penalty: l1({ lambda }),
    shape: [1, 1],
    start: [start],
    gradient: (g, w) => g.Sub(w, b),
    steps: 20,
    stepsPerEpoch: 5,
  });
  let w = start;
  let [w0, v, t, alpha] = [w, 0, 0, 0];
  for (let k = 0; k < 20; k++) {
    const epoch = Math.floor(k / 5);
    const stage = epoch >= 3 ? 2 : epoch >= 2 ? 1 : 0;
    if (k === 10 || k === 15) [w0, v, t, alpha] = [w, 0, 0, 0];
    t += 1;
    const s = lr * gamma ** stage * Math.sqrt(t);
    alpha += s;
    v += s * (w - b);
    const x = w0 - v / Math.sqrt(t);
    const dual = Math.sign(x) * Math.max(0, Math.abs(x) - (lambda * alpha) / Math.sqrt(t));
    const c = Math.min(1, 0.1 * 10 ** stage);
    w = (1 - c) * w + c * dual;
    expect(trace[k].w[0]).toBeCloseTo(w, 5);
  }
});

const c = (o: ReturnType<typeof rmda>, schedule: Parameters<typeof o.clock.tick>[2], now: Moment) =>
  o.clock.tick({ t: 0 }, now, schedule).numbers.c;

test("both momentum schedules, and the ramp without milestones", () => {
  const at = (epoch: number, step: number) => ({ epoch, step, stepsPerEpoch: 50, epochs: 10 });
  const staged = multiStep({ lr: 1, milestones: [4, 8] });
  const a = rmda({ c: 0.01 });
  expect(c(a, staged, at(0, 0))).toBe(0.01);
  expect(c(a, staged, at(4, 0))).toBeCloseTo(0.1);
  expect(c(a, staged, at(8, 0))).toBe(1); // exactly, or W would not be exactly sparse
  const b = rmda({ c: 0.1, momentumSchedule: "ramp" });
  expect([c(b, staged, at(7, 49)), c(b, staged, at(8, 0)), c(b, staged, at(8, 3)), c(b, staged, at(9, 49))]).toEqual([
    0.1, 0.1, 0.2, 1,
  ]);
  const flat = constant({ lr: 1 });
  expect(c(a, flat, at(7, 49))).toBe(0.01);
  expect(c(a, flat, at(8, 49))).toBeCloseTo(0.01 + 0.99 / 2);
  expect(c(a, flat, at(9, 49))).toBe(1);
});

test("warns of a short last stage and of a c that never reaches 1", () => {
  expect(rmda({ c: 0.1 }).warnings!(multiStep({ lr: 1, milestones: [5, 9] }), 10, 400)).toMatchInlineSnapshot(`
    [
      "the last restart leaves 1 epoch(s): a restart revives groups, so plan at least two after it",
    ]
  `);
  expect(rmda({ c: 0.01 }).warnings!(multiStep({ lr: 1, milestones: [5] }), 10, 400)).toMatchInlineSnapshot(`
    [
      "c starts at 0.01 and ends at 0.10: W stays an average and nothing in it is exactly zero; take c 0.1 or more, or an earlier last milestone",
    ]
  `);
  const ramp = rmda({ c: 0.01, momentumSchedule: "ramp" }).warnings!; // reaches 1 after 10,000 steps
  const late = multiStep({ lr: 1, milestones: [5] });
  expect(ramp(late, 30, 400)).toEqual([]);
  expect(ramp(late, 29, 400)).toEqual([expect.stringContaining("ends at 0.98")]);
});

test("options out of range are refused", () => {
  expect(() => rmda({ c: 0 })).toThrow("c is out of range");
  expect(() => rmda({ restarts: [0.5] })).toThrow("restarts must be increasing positive integers");
  expect(() => rmda({ momentumSchedule: "steps" as "ramp" })).toThrow("momentumSchedule is unknown");
});
