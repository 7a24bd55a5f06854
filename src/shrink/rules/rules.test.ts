import { expect, test } from "vitest";
import { runOnce } from "../../engine/engine.ts";
import { node } from "../../engine/node.ts";
import { type Builder, builder } from "../../graph/builder.ts";
import type { Op } from "../../graph/op.ts";
import { opSiteOf } from "../../graph/op-site.ts";
import { opOf, ops } from "../../graph/ops/index.ts";
import { f32, full, i64, numbers } from "../../graph/tensor.ts";
import type { Attrs, Shape, Tensor, Value } from "../../graph/types.ts";
import { encode } from "../../onnx/write.ts";
import { shrinkRuleOf } from "./index.ts";

const engine = node({ threads: 1 });

/** The operator on the inputs, and on stored positions where it wants them. */
const emitted = (g: Builder, op: string, xs: readonly Value[], attrs: Attrs) =>
  g.emit(op, [...xs, ...(beside[op] ?? []).map((t) => g.constant(t))], attrs);
/** Stored inputs that an operator wants. */
const beside: Readonly<Record<string, readonly Tensor[]>> = {
  Gather: [i64([2, 0])],
  GatherND: [i64([0, 0, 0, 0], [2, 2])],
  GridSample: [f32([0, 0.3, -2, 0.5], [1, 1, 2, 2])],
};

/** What a table says of constants, for an operator of each element. */
function each(op: string, attrs: Attrs): (...x: number[]) => number {
  const fold = shrinkRuleOf({ op, domain: "" })!.fold;
  if (!("each" in fold)) throw new Error(`${op} is no operator of each element`);
  return fold.each(attrs);
}

/** The same for one that moves or reduces a channel of shape [1, 1, 3, 4] or another. */
function along(op: string, attrs: Attrs, shape: Shape = [1, 1, 3, 4]): (x: number) => number {
  const g = builder();
  const [y] = emitted(g, op, [g.input("x", "float32", shape)], attrs);
  const made = g.build().nodes.find((n) => n.outputs[0] === y)!;
  const fold = shrinkRuleOf(made)!.fold;
  if (!("along" in fold)) throw new Error(`${op} moves no channel`);
  return fold.along(opSiteOf(made));
}

/** What the runtime makes of an operator. */
async function run(op: string, inputs: readonly Tensor[], attrs: Attrs): Promise<number[]> {
  const g = builder();
  const xs = inputs.map((t, i) => g.input(`x${i}`, "float32", t.shape));
  g.output(emitted(g, op, xs, attrs)[0], "y");
  const session = await engine.load(encode(g.build()));
  const { y } = await runOnce(session, engine, Object.fromEntries(inputs.map((t, i) => [`x${i}`, t])));
  await session.release();
  return numbers(y as Tensor);
}

const xs = [-7.5, -2, -0.3, 0, 0.3, 2, 7.5];
/** Operators of each element with so many inputs. */
const elementwise = (...arity: Op["arity"][]): string[] =>
  Object.keys(ops).filter((op) => {
    const { fold } = shrinkRuleOf({ op, domain: "" })!;
    return "each" in fold && arity.includes(opOf(op)!.arity);
  });
const settings: Record<string, Attrs> = {
  LeakyRelu: { alpha: 0.2 },
  Elu: { alpha: 0.7 },
  Celu: { alpha: 0.7 },
  Selu: { alpha: 1.6, gamma: 1.1 },
  HardSigmoid: { alpha: 0.3, beta: 0.4 },
  Clip: { min: -1, max: 0.5 },
  Cast: { to: "float32" },
};
const unary = elementwise(1);

test.each(unary)("%s of a constant is what the runtime makes of it", async (op) => {
  const attrs = settings[op] ?? {};
  const y = await run(op, [f32(xs)], attrs);
  const f = each(op, attrs);
  xs.forEach((x, i) => {
    const folded = f(x);
    if (Number.isFinite(folded)) expect(Math.abs(folded - y[i])).toBeLessThan(1e-6 * Math.max(1, Math.abs(y[i])));
  });
  expect(f(Number.NaN)).toBeNaN();
});

const binary = elementwise(2, "n");
test.each(binary)("%s of two constants", async (op) => {
  const b = [0.5, -3, 2, -1, 4, -0.2, 1];
  const y = await run(op, [f32(xs), f32(b)], {});
  const f = each(op, {});
  xs.forEach((x, i) => {
    const folded = f(x, b[i]);
    if (Number.isFinite(folded)) expect(folded).toBeCloseTo(y[i], 5);
  });
});

test("batch norm of a constant, and of anything when its scale is zero", async () => {
  const vectors = [[1.5], [0.2], [-0.4], [2]].map((v) => f32(v));
  const [y] = await run("BatchNormalization", [f32([0.7], [1, 1, 1]), ...vectors], { epsilon: 1e-3 });
  const f = each("BatchNormalization", { epsilon: 1e-3 });
  expect(f(0.7, 1.5, 0.2, -0.4, 2)).toBeCloseTo(y, 6);
  expect(f(Number.NaN, 0, 0.2, -0.4, 2)).toBe(0.2);
});

test("instance norm of zeros, and of anything when its scale is zero", async () => {
  const x = full([1, 1, 3], 0);
  const y = await run("InstanceNormalization", [x, f32([1.5]), f32([0.2])], {});
  const f = each("InstanceNormalization", {});
  for (const v of y) expect(f(0, 1.5, 0.2)).toBeCloseTo(v, 6);
  expect([f(Number.NaN, 0, 0.2), f(1, 1.5, 0.2)]).toEqual([0.2, Number.NaN]);
});

const window = { kernel_shape: [2, 2], strides: [1, 1], pads: [1, 1, 0, 0] };
const moving: readonly [string, Attrs, Shape?][] = [
  ["Reshape", { shape: [1, 12] }],
  ["Flatten", {}],
  ["Squeeze", { axes: [0] }],
  ["Unsqueeze", { axes: [0] }],
  ["Transpose", {}],
  ["Expand", { shape: [2, 1, 3, 4] }],
  ["Tile", { repeats: [1, 1, 2, 1] }],
  ["Concat", { axis: 1 }],
  ["Split", { axis: 3, split: [4] }],
  ["Slice", { starts: [1], ends: [3], axes: [2] }],
  ["Gather", { axis: 2 }],
  ["GatherND", {}],
  ["DepthToSpace", { blocksize: 2 }, [1, 4, 3, 4]],
  ["SpaceToDepth", { blocksize: 2 }, [1, 1, 4, 4]],
];
const spatial: readonly [string, Attrs, Shape?][] = [
  ...moving,
  ["MaxPool", window],
  ["AveragePool", { ...window, count_include_pad: 0 }],
  ["AveragePool", { ...window, pads: [0, 0, 0, 0], count_include_pad: 1 }],
  ["GlobalAveragePool", {}],
  ["GlobalMaxPool", {}],
  ["ReduceMax", { axes: [2, 3] }],
  ["ReduceMin", { axes: [3] }],
  ["ReduceMean", { axes: [2, 3] }],
  ["ReduceSum", { axes: [2, 3] }],
  ["ReduceL1", { axes: [2, 3] }],
  ["ReduceL2", { axes: [2] }],
  ["ReduceSumSquare", { axes: [3] }],
  ["Resize", { scales: [2, 0.5], axes: [2, 3], mode: "linear" }],
  ["Pad", { pads: [0, 0, 1, 1, 0, 0, 1, 1], value: -1.5 }],
];

const onlyZeros: readonly [string, Attrs, Shape?][] = [
  ["Trilu", { upper: 0 }],
  ["LpPool", window],
  ["GlobalLpPool", {}],
  ["GridSample", {}],
  ["Col2Im", { image_shape: [3, 3], block_shape: [2, 2] }, [1, 4, 4]],
];
test.each(onlyZeros)(
  "%s makes zeros of zeros, and nothing known of others",
  async (op, attrs, shape = [1, 1, 3, 4]) => {
    const f = along(op, attrs, shape);
    expect([f(0.5), f(0)]).toEqual([Number.NaN, 0]);
    expect(new Set(await run(op, [full(shape, 0)], attrs))).toEqual(new Set([0]));
  },
);

test("group norm of anything when its scale is zero", () => {
  const f = each("GroupNormalization", { num_groups: 1 });
  expect([f(Number.NaN, 0, 0.2), f(0, 1, 0.2)]).toEqual([0.2, Number.NaN]);
});

test("layer norm of anything when its scale is zero; root mean square norm of a zero as well", () => {
  const [layer, rms] = [each("LayerNormalization", {}), each("RMSNormalization", {})];
  expect([layer(Number.NaN, 0, 0.2), layer(1, 0), layer(0, 1, 0.2)]).toEqual([0.2, 0, Number.NaN]);
  expect([rms(Number.NaN, 0), rms(0, 1.5), rms(1, 1.5)]).toEqual([0, 0, Number.NaN]);
});

test.each(spatial)("%s %o of a constant channel is a constant channel", async (op, attrs, shape = [1, 1, 3, 4]) => {
  const x = full(shape, -1.5);
  const y = await run(op, [x], attrs);
  const folded = along(op, attrs, shape)(-1.5);
  for (const v of y) expect(v).toBeCloseTo(folded, 5);
});

test("padding that counts beside a constant is refused", () => {
  const average = along("AveragePool", { ...window, count_include_pad: 1 });
  expect([average(0.5), average(0)]).toEqual([Number.NaN, 0]);
  expect(along("Pad", { pads: [0, 0, 1, 1, 0, 0, 1, 1], value: 0 })(0.5)).toBeNaN();
});

test("every operator of which constants tell something has a case", () => {
  const normalizing = [
    "BatchNormalization",
    "InstanceNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "RMSNormalization",
  ];
  const tested = new Set([
    ...unary,
    ...binary,
    ...spatial.map(([op]) => op),
    ...onlyZeros.map(([op]) => op),
    ...normalizing,
  ]);
  const telling = Object.keys(ops).filter((op) => {
    const { fold } = shrinkRuleOf({ op, domain: "" })!;
    return "each" in fold || "along" in fold;
  });
  expect([...tested].sort()).toEqual(telling.sort());
});
