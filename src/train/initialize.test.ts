import { expect, test } from "vitest";
import { builder } from "../graph/builder.ts";
import { full, numbers, size } from "../graph/tensor.ts";
import type { Model, Shape } from "../graph/types.ts";
import { initialize } from "./initialize.ts";

/** conv with batch norm → flatten → dense in both layouts; every stored number is 7. */
function model(): Model {
  const g = builder();
  const w = (name: string, shape: Shape) => g.initializer(name, full(shape, 7));
  const x = g.input("x", "float32", [1, 2, 6, 6]);
  const conv = g.Conv(x, w("conv.weight", [40, 2, 3, 3]), w("conv.bias", [40]));
  const bn = g.BatchNormalization(
    conv,
    w("bn.weight", [40]),
    w("bn.bias", [40]),
    w("bn.mean", [40]),
    w("bn.var", [40]),
  );
  const dense = g.Gemm(g.Flatten(bn), w("dense.weight", [10, 640]), w("dense.bias", [10]), { transB: 1 });
  g.output(g.MatMul(dense, w("last", [10, 50])), "y");
  return { graph: g.build(), opset: 17, dims: new Map(), metadata: new Map([["kept", "yes"]]) };
}
const values = ({ graph }: Model) => new Map([...graph.initializers].map(([v, t]) => [v.name, numbers(t)]));

test("weights and biases are uniform within ±1/√fan-in, normalizations start neutral", () => {
  const fresh = initialize(model(), 3);
  const drawn = values(fresh);
  for (const [name, fanIn] of Object.entries({
    "conv.weight": 18,
    "conv.bias": 18,
    "dense.weight": 640,
    "dense.bias": 640,
    last: 10,
  })) {
    const x = drawn.get(name)!;
    const bound = 1 / Math.sqrt(fanIn);
    const largest = Math.max(...x.map(Math.abs));
    expect(largest, name).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(largest, name).toBeGreaterThan(0.7 * bound);
    expect(new Set(x).size, name).toBeGreaterThan(0.99 * x.length);
  }
  for (const [name, x] of Object.entries({ "bn.weight": 1, "bn.bias": 0, "bn.mean": 0, "bn.var": 1 }))
    expect(new Set(drawn.get(name)), name).toEqual(new Set([x]));
  expect(fresh.metadata.get("kept")).toBe("yes");
});

test("the same seed gives the same weights, another seed others; the model given stays", () => {
  const old = model();
  expect(values(initialize(old, 1))).toEqual(values(initialize(old, 1)));
  expect(values(initialize(old, 1)).get("last")).not.toEqual(values(initialize(old, 2)).get("last"));
  for (const [v, t] of old.graph.initializers) expect(numbers(t)).toEqual(new Array(size(v.shape)).fill(7));
});
