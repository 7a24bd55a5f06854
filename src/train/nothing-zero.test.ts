import { expect, test } from "vitest";
import { data, model, options } from "../../test/support/small-run.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { rmda } from "../optim/rmda.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

async function shortfalls(more: Partial<TrainOptions>): Promise<string[]> {
  const run = train(
    model(),
    data,
    options({ optimizer: proxSgd(), schedule: constant({ lr: 0.05 }), epochs: 2, ...more }),
  );
  expect(run.shortfalls).toEqual([]); // before anything
  for await (const _ of run);
  return run.shortfalls.map(String);
}

test("a run in which nothing became zero says so in the library, with what to do", async () => {
  expect(await shortfalls({ penalty: groupLasso({ lambda: 1e-7 }) })).toEqual([
    expect.stringMatching(
      /^nothing became zero: lambda 1e-7 is too weak for a run of this length. Take lambda 3e-7, more epochs, or/,
    ),
  ]);
  expect(await shortfalls({ penalty: groupLasso({ lambda: 0 }) })).toEqual([expect.stringContaining("lambda is 0")]);
});

test("an average that hides the zeros is said to be that", async () => {
  const optimizer = rmda({ c: 0.01, restarts: [] });
  const schedule = { ...constant({ lr: 0.1 }), milestones: [1] };
  const said = await shortfalls({ optimizer, schedule, penalty: groupLasso({ lambda: 1 }), lambdaWarmup: 0 });
  expect(said).toEqual([expect.stringContaining("which rmda still averages")]);
});

test("nothing is said where something is zero, or was not to be", async () => {
  expect(await shortfalls({ penalty: groupLasso({ lambda: 0.5 }), lambdaWarmup: 0 })).toEqual([]);
  expect(await shortfalls({ optimizer: sgd(), penalty: undefined })).toEqual([]);
});
