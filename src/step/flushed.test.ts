/** Weights on their way to zero get there: what an averaging optimizer only shrinks would stay subnormal for ever. */
import { expect, test } from "vitest";
import { descend } from "../../test/support/descend.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { flushed } from "../graph/emit.ts";
import { f32, numbers } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import { portable, targetOf } from "../lower/target.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { rmda } from "../optim/rmda.ts";
import { constant } from "../optim/schedule.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { compile } from "./compile.ts";

const engine = node({ threads: 1 });
const LEAST = 2 ** -100;

test.each([
  ["as it is written", portable],
  ["on this engine", targetOf(engine)],
])("what is next to nothing becomes 0, what is not stays: %s", async (_, target) => {
  const kept = [1, -2, 2 ** -75, -(2 ** -75), 1e30, 0.1].map(Math.fround);
  const gone = [LEAST, -LEAST, LEAST / 2, 2 ** -126, -(2 ** -149), 0];
  const between = [LEAST * (1 + 2 ** -23), -LEAST * 1.5];
  const x = [...kept, ...gone, ...between];
  const g = builder();
  g.output(flushed(g, g.input("w", "float32", [x.length])), "y");
  const session = await engine.load(compile(g.build(), target));
  const { y } = await runOnce(session, engine, { w: f32(x, [x.length]) });
  const got = numbers(y as Tensor).map((v) => v + 0); // −0 counts as 0
  expect(got.slice(0, kept.length)).toEqual(kept);
  expect(got.slice(kept.length, kept.length + gone.length)).toEqual(gone.map(() => 0));
  for (const v of got.slice(-between.length)) expect(Math.abs(v)).toBeGreaterThanOrEqual(2 ** -126); // none is subnormal
  await session.release();
});

test("of an optimizer that averages, a weight that only decays is 0 after finitely many steps; of another it is at once", async () => {
  const decay = (optimizer: Parameters<typeof descend>[0]["optimizer"]) =>
    descend({
      optimizer,
      schedule: constant({ lr: 0.1 }),
      penalty: groupLasso({ lambda: 1e6, groups: "inputChannel" }),
      shape: [1, 1],
      start: [1],
      gradient: (g, w) => g.Sub(w, w),
      steps: 96,
    });
  const averaged = (await decay(rmda({ c: 0.6, momentumSchedule: "constant" }))).map(({ w }) => w[0]);
  expect(averaged[63]).toBeGreaterThan(LEAST); // 0.4⁶⁴ = 3e-26
  expect(averaged[95]).toBe(0); // 0.4⁹⁶ = 6e-39
  expect((await decay(proxSgd()))[0].w[0]).toBe(0);
});
