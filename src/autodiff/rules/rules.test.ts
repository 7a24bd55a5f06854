/**
 * Every rule against central differences along one random direction. The loss is Σ rᵢ·yᵢ with random r, summed in
 * float64. Graphs are float64 with step 1e-6 and tolerance 1e-6; where the CPU has no float64 kernel, float32 with step
 * 0.02 and tolerance 3e-3 of the gradient's norm. Inputs keep their distance from kinks and ties; those have fixtures.
 */
import { describe, expect, test } from "vitest";
import { cases } from "../../../test/fixtures/autodiff/cases.ts";
import type { Case, Drawn } from "../../../test/fixtures/autodiff/drawn.ts";
import { load } from "../../../test/fixtures/autodiff/run.ts";
import { builder } from "../../graph/builder.ts";
import { arrayOf, size, tensor } from "../../graph/tensor.ts";
import type { Attrs, Tensor, Value } from "../../graph/types.ts";
import { Random } from "../../math/random.ts";
import { backward } from "../backward.ts";
import type { Differentiable } from "./rule.ts";

const isDrawn = (x: Drawn | Tensor | null): x is Drawn => x !== null && "draw" in x;
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((s, x, i) => s + x * b[i], 0);

async function worstError(op: Differentiable, c: Case): Promise<number> {
  const random = new Random(7, "verify");
  const dtype = c.single ? "float32" : "float64";
  const h = c.single ? 0.02 : 1e-6;
  const g = builder();
  const inputs = c.in.map((x, i) => (isDrawn(x) ? g.input(`x${i}`, dtype, x.shape) : x && g.constant(x)));
  const wrt = inputs.filter((v, i): v is Value => isDrawn(c.in[i]));
  const y = g.emit(op, inputs, c.attrs as Attrs)[0];
  g.output(y, "y");
  const r = Array.from({ length: size(y.shape) }, () => random.normal());
  const weights = g.constant(tensor(y.dtype, y.shape, new (arrayOf(y.dtype) as Float64ArrayConstructor)(r)));
  const gradients = backward(g, g.ReduceSum(g.Mul(y, weights), { keepdims: 0 }), wrt);
  wrt.forEach((v, i) => void g.output(gradients.get(v)!, `dx${i}`));

  const x = c.in.filter(isDrawn).map(({ shape, draw }) => draw(random, size(shape)));
  const step = x.map((list) => list.map(() => random.uniform() * 2 - 1));
  const at = (t: number) =>
    Object.fromEntries(
      wrt.map((v, i) => {
        const data = x[i].map((e, k) => e + t * step[i][k]);
        return [v.name, tensor(dtype, v.shape, new (arrayOf(dtype) as Float64ArrayConstructor)(data))];
      }),
    );
  const runnable = await load(g);
  const [here, ahead, behind] = [await runnable.run(at(0)), await runnable.run(at(h)), await runnable.run(at(-h))];
  await runnable.release();
  const numeric = (dot(ahead.y, r) - dot(behind.y, r)) / (2 * h);
  const analytic = wrt.reduce((s, _, i) => s + dot(here[`dx${i}`], step[i]), 0);
  const norm = Math.hypot(...wrt.flatMap((_, i) => here[`dx${i}`]));
  return Math.abs(numeric - analytic) / Math.max(1, norm) / (c.single ? 3e-3 : 1e-6);
}

describe("central differences", () => {
  for (const [op, list] of Object.entries(cases) as [Differentiable, readonly Case[]][])
    test(op, async () => {
      for (const [i, c] of list.entries()) expect(await worstError(op, c), `case ${i}`).toBeLessThan(1);
    });
});
