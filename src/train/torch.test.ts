/** Losses and training-mode batch normalization against PyTorch (test/fixtures/train/make.py). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { backward } from "../autodiff/backward.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32, tensor } from "../graph/tensor.ts";
import { withoutUnread } from "../graph/walk.ts";
import { encode } from "../onnx/write.ts";
import { batchNorm } from "../step/batch-norm.ts";
import { binaryCrossEntropy, crossEntropy, type Loss, meanAbsoluteError, meanSquaredError } from "../step/loss.ts";

const engine = node({ threads: 1 });
const fixtures = JSON.parse(readFileSync(new URL("../../test/fixtures/train/torch.json", import.meta.url), "utf8"));

const near = (got: unknown, wanted: number[], digits = 5) => {
  const list = [...(got as { data: Float32Array }).data];
  expect(list.length).toBe(wanted.length);
  list.forEach((x, i) => {
    expect(x).toBeCloseTo(wanted[i], digits);
  });
};

const losses: [string, Loss][] = [
  ["crossEntropy", crossEntropy()],
  ["smoothed", crossEntropy({ labelSmoothing: 0.1 })],
  ["mse", meanSquaredError()],
  ["bce", binaryCrossEntropy()],
  ["l1", meanAbsoluteError()],
  ["tokens", crossEntropy()],
  ["tokensSmoothed", crossEntropy({ labelSmoothing: 0.1 })],
  ["pixels", crossEntropy()],
];

test.each(losses)("%s: value and gradient as torch's", async (name, loss) => {
  const f = fixtures[name];
  const g = builder();
  const x = g.input("x", "float32", f.shape);
  const classes = loss.labels === "class";
  const labelled = [f.shape[0], ...(f.places ?? [])];
  const y = g.input("y", classes ? "int32" : "float32", classes ? labelled : f.shape);
  const out = loss.apply(g, x, y);
  g.output(out.loss, "loss");
  g.output(backward(g, out.loss, [x]).get(x)!, "dx");
  if (out.correct) g.output(out.correct, "correct");
  const session = await engine.load(encode(withoutUnread(g.build())));
  const labels = classes ? tensor("int32", labelled, Int32Array.from(f.y)) : f32(f.y, f.shape);
  const got = await runOnce(session, engine, { x: f32(f.x, f.shape), y: labels });
  near(got.loss, [f.loss]);
  near(got.dx, f.dx);
  if (classes) near(got.correct, [f.correct]);
});

test("batch normalization in training mode as torch's, with a large offset and a constant channel", async () => {
  const f = fixtures.batchNorm;
  const g = builder();
  const x = g.input("x", "float32", f.shape);
  const vectors = ["scale", "bias", "mean", "variance"].map((n) => g.input(n, "float32", [3]));
  const bn = batchNorm(g, [x, ...vectors], { epsilon: 1e-5, momentum: 0.9 });
  const loss = g.ReduceSum(g.Mul(bn.y, g.constant(f32(f.w, f.shape))), { keepdims: 0 });
  const d = backward(g, loss, [x, vectors[0], vectors[1]], new Map([[bn.y, bn.override]]));
  g.output(g.Identity(bn.y), "y");
  g.output(bn.runningMean, "runningMean");
  g.output(bn.runningVar, "runningVar");
  [x, vectors[0], vectors[1]].forEach((v, i) => {
    g.output(g.Identity(d.get(v)!), ["dx", "dScale", "dBias"][i]);
  });
  const session = await engine.load(encode(withoutUnread(g.build())));
  const feeds = Object.fromEntries(["scale", "bias", "mean", "variance"].map((n) => [n, f32(f[n])]));
  const got = await runOnce(session, engine, { x: f32(f.x, f.shape), ...feeds });
  near(got.y, f.y, 3); // x ≈ 100 carries only 5 digits behind the point
  for (const key of ["runningMean", "runningVar", "dBias"]) near(got[key], f[key], 4);
  near(got.dScale, f.dScale, 3);
  // the constant channel's 1/√ε magnifies rounding: torch's own gradient there is rounding too
  const size = 4;
  const ordinary = (a: ArrayLike<number>) => Array.from(a).filter((_, i) => Math.floor(i / size) % 3 !== 1);
  ordinary((got.dx as unknown as { data: Float32Array }).data).forEach((v, i) => {
    expect(v).toBeCloseTo(ordinary(f.dx)[i], 3);
  });
});
