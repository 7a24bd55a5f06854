/** Small weights that are solved as columns of one matrix, and a scalar that joins what a prox in a metric makes. */
import { expect, test } from "vitest";
import { descend } from "../../test/support/descend.ts";
import { penaltyFunctions } from "../../test/support/penalty-functions.ts";
import { builder } from "../graph/builder.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Graph, Shape, Tensor } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { ramda } from "../optim/ramda.ts";
import { constant } from "../optim/schedule.ts";
import { groupLasso } from "./group-lasso.ts";

const random = new Random(3, "init");
const shapes: Readonly<Record<string, Shape>> = { a: [7, 5], b: [3, 7], c: [11, 3] };
const drawn = (shape: Shape, of: () => number): Tensor => f32(Float32Array.from({ length: size(shape) }, of), shape);

/** A chain of the weights that are named. */
function chain(names: readonly string[], weights: Readonly<Record<string, Tensor>>): Graph {
  const g = builder();
  let x = g.input("x", "float32", [1, shapes[names[0]][1]]);
  for (const name of names) x = g.Gemm(x, g.initializer(name, weights[name]), null, { transB: 1 });
  g.output(x);
  return g.build();
}

test.each(["inputChannel", "outputChannel"] as const)(
  "%s: weights together end where each by itself does",
  async (groups) => {
    const names = Object.keys(shapes);
    const each = (of: () => number) => Object.fromEntries(names.map((name) => [name, drawn(shapes[name], of)]));
    const weights = each(() => random.normal());
    const metric = each(() => 10 ** -(3 * random.uniform()));
    const penalty = groupLasso({ lambda: 0.4, groups, weights: "uniform" });
    const together = await penaltyFunctions(penalty, chain(names, weights), { metric });
    const moved = await together.prox(weights);
    let zeros = 0;
    for (const name of names) {
      const alone = await penaltyFunctions(penalty, chain([name], weights), { metric: { [name]: metric[name] } });
      const wanted = (await alone.prox({ [name]: weights[name] }))[name].data as Float32Array;
      const got = moved[name].data as Float32Array;
      expect(got.length).toBe(wanted.length);
      got.forEach((v, i) => {
        expect(v).toBeCloseTo(wanted[i], 5);
        expect(v === 0).toBe(wanted[i] === 0);
      });
      zeros += wanted.filter((v) => v === 0).length;
    }
    expect(zeros).toBeGreaterThan(0);
  },
);

const averaged = {
  penalty: groupLasso({ lambda: 0.01, groups: "inputChannel", weights: "uniform" }),
  shape: [2, 2],
} as const;

test("RAMDA with a group penalty: W is the average of itself and the point inside the prox", async () => {
  const start = [1, -2, 0.5, 3];
  const trace = await descend({
    ...averaged,
    optimizer: ramda({ c: 0.25, momentumSchedule: "constant" }),
    schedule: constant({ lr: 0.1 }),
    start,
    gradient: (g, w) => g.Mul(w, 0.3),
    steps: 3,
  });
  trace.forEach(({ w, candidate }, t) => {
    const before = t === 0 ? start : trace[t - 1].w;
    w.forEach((v, i) => {
      expect(v).toBeCloseTo(0.75 * before[i] + 0.25 * candidate[i], 6);
    });
  });
});

test("RAMDA at a learning rate of 0 stays where it is", async () => {
  const start = [1, -2, 0.5, 3];
  const optimizer = ramda({ c: 0.25, momentumSchedule: "constant" });
  const trace = await descend({
    ...averaged,
    optimizer,
    schedule: { ...constant({ lr: 0.1 }), lr: () => 0 },
    start,
    gradient: (g, w) => g.Mul(w, 0.3),
    steps: 2,
  });
  trace.at(-1)!.w.forEach((v, i) => {
    expect(v).toBeCloseTo(start[i], 5);
  });
});
