/** Weights on their way to zero get there: what an averaging optimizer only shrinks would stay subnormal for ever. */
import { expect, test } from "vitest";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { atBatch } from "../graph/bind.ts";
import { builder } from "../graph/builder.ts";
import { flushed, LARGEST_SUBNORMAL } from "../graph/emit.ts";
import { f32, numbers } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import { portable, targetOf } from "../lower/target.ts";
import { mlp } from "../models/mlp.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { rmda } from "../optim/rmda.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { compile } from "./compile.ts";
import { crossEntropy } from "./loss.ts";
import { stepProgram } from "./programs.ts";

const engine = node({ threads: 1 });
const NORMAL = 2 ** -126;

test.each([
  ["as it is written", portable],
  ["on this engine", targetOf(engine)],
])("what is subnormal becomes 0 and nothing else does: %s", async (_, target) => {
  const x = [1, -2, NORMAL, -NORMAL, LARGEST_SUBNORMAL, -LARGEST_SUBNORMAL, 2 ** -149, -(2 ** -149), 0];
  const g = builder();
  g.output(flushed(g, g.input("w", "float32", [x.length])), "y");
  const session = await engine.load(compile(g.build(), target));
  const { y } = await runOnce(session, engine, { w: f32(x, [x.length]) });
  expect(numbers(y as Tensor)).toEqual([1, -2, NORMAL, -NORMAL, 0, 0, 0, 0, 0]);
  await session.release();
});

test("the step of an optimizer that averages flushes its weights, that of another does not", () => {
  const model = mlp({ sizes: [4, 3, 2], seed: 1 });
  const ops = (optimizer: Parameters<typeof stepProgram>[1]["optimizer"]) => {
    const penalty = groupLasso({ lambda: 1 }).bind(model.graph);
    const plan = {
      inputs: [{ dtype: "float32" as const, sample: [4] }],
      terms: [{ loss: crossEntropy() }],
      optimizer,
      penalty,
    };
    const { graph } = stepProgram(atBatch(model, 2), plan);
    return [...(graph.meanings?.values() ?? [])].filter(({ of }) => of === "Flushed").length;
  };
  expect(ops(rmda({ c: 0.1 }))).toBe(4);
  expect(ops(proxSgd())).toBe(0);
});
