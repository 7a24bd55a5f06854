/** Outputs and gradients against PyTorch's, from test/fixtures/autodiff/make.py and more.py. Ties and kinks are among the inputs. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../test/fixtures/autodiff/run.ts";
import { builder } from "../graph/builder.ts";
import { arrayOf, f32, i32Range, tensor } from "../graph/tensor.ts";
import type { Attrs, Data, DType, Shape, Tensor, Value } from "../graph/types.ts";
import { backward } from "./backward.ts";

interface Stored {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: readonly number[];
}
interface Fixture {
  readonly name: string;
  readonly op: string;
  readonly attrs: Attrs;
  readonly in: readonly (Stored | null)[];
  readonly y: readonly number[];
  readonly dy: readonly number[];
  readonly dx: readonly (readonly number[] | null)[];
}
interface Network {
  readonly parameters: Readonly<Record<string, Stored>>;
  readonly mean: Stored;
  readonly variance: Stored;
  readonly labels: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

const file = (name: string) => readFileSync(new URL(`../../test/fixtures/autodiff/${name}`, import.meta.url), "utf8");
const { cases, network } = JSON.parse(file("torch.json")) as { cases: Fixture[]; network: Network };
const { cases: more } = JSON.parse(file("more.json")) as { cases: Fixture[] };

function stored({ dtype, shape, data }: Stored): Tensor {
  const elements = dtype === "int64" ? data.map((x) => BigInt(x)) : data;
  return tensor(dtype, shape, (arrayOf(dtype) as { from(x: unknown): Data }).from(elements));
}

/** Largest difference, relative to the largest element wanted or 1. */
const distance = (got: readonly number[], wanted: readonly number[]) =>
  Math.max(...wanted.map((w, i) => Math.abs(got[i] - w))) / Math.max(1, ...wanted.map(Math.abs));

describe("operators", () => {
  for (const c of [...cases, ...more])
    test(c.name, async () => {
      const g = builder();
      const feeds: Record<string, Tensor> = {};
      const inputs = c.in.map((x, i) => {
        if (!x || !c.dx[i]) return x && g.constant(stored(x));
        feeds[`x${i}`] = stored(x);
        return g.input(`x${i}`, x.dtype, x.shape);
      });
      const wrt = inputs.filter((v, i): v is Value => c.dx[i] !== null);
      const y = g.output(g.emit(c.op, inputs, c.attrs)[0], "y");
      const gradients = backward(g, g.ReduceSum(g.Mul(y, g.constant(f32(c.dy, y.shape))), { keepdims: 0 }), wrt);
      for (const v of wrt) g.output(gradients.get(v)!, `d${v.name}`);
      const runnable = await load(g);
      const out = await runnable.run(feeds);
      await runnable.release();
      expect(distance(out.y, c.y), "y").toBeLessThan(1e-5);
      for (const v of wrt)
        expect(distance(out[`d${v.name}`], c.dx[Number(v.name.slice(1))]!), v.name).toBeLessThan(1e-5);
    });
});

test("a small network", async () => {
  const g = builder();
  const p = Object.fromEntries(
    Object.entries(network.parameters).map(([name, t]) => [name, g.input(name, t.dtype, t.shape)]),
  );
  const [mean, variance] = [network.mean, network.variance].map((t) => g.constant(stored(t)));
  const conv = g.Conv(p.x, p["conv.weight"], p["conv.bias"], { pads: [1, 1, 1, 1] });
  const bn = g.BatchNormalization(conv, p["bn.weight"], p["bn.bias"], mean, variance);
  const [pooled] = g.MaxPool(g.Relu(bn), { kernel_shape: [2, 2], strides: [2, 2] });
  const scores = g.LogSoftmax(g.Gemm(g.Flatten(pooled), p["fc.weight"], p["fc.bias"], { transB: 1 }));
  const labels = g.constant(tensor("int32", [3, 1], Int32Array.from(network.labels)));
  const chosen = g.Cast(g.Equal(labels, g.constant(i32Range(5))), { to: "float32" });
  const loss = g.Mul(g.ReduceSum(g.Mul(scores, chosen), { keepdims: 0 }), -1 / 3);
  g.output(loss, "loss");
  const gradients = backward(g, loss, Object.values(p));
  for (const [name, v] of Object.entries(p)) g.output(gradients.get(v)!, `d ${name}`);
  const runnable = await load(g);
  const out = await runnable.run(
    Object.fromEntries(Object.entries(network.parameters).map(([k, t]) => [k, stored(t)])),
  );
  await runnable.release();
  expect(out.loss[0]).toBeCloseTo(network.loss, 5);
  for (const name of Object.keys(p))
    expect(distance(out[`d ${name}`], network.gradients[name]), name).toBeLessThan(1e-5);
});
