/** Every folding rule against ONNX Runtime. */
import { expect, test } from "vitest";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { Allowance } from "../graph/allowance.ts";
import { builder } from "../graph/builder.ts";
import type { Type } from "../graph/op.ts";
import { f32, i64, tensor } from "../graph/tensor.ts";
import type { Attrs, Tensor } from "../graph/types.ts";
import { foldShapes, knownTensor } from "./fold-shapes.ts";
import { encode } from "./write.ts";

const engine = node({ threads: 1 });
const v = i64([7, -7, 3, 12]);
const w = i64([2, 2, -2, 5]);
const m = i64([1, 2, 3, 4, 5, 6], [2, 3]);
const scalar = i64([-1], []);
const bool = (...x: number[]): Tensor => tensor("bool", [x.length], Uint8Array.from(x));
const f = f32([1.75, -1.75, 4, 2.5]);

const cases: readonly (readonly [op: string, inputs: readonly Tensor[], attrs?: Attrs])[] = [
  ["Abs", [v]],
  ["Neg", [v]],
  ["Ceil", [f]],
  ["Floor", [f]],
  ["Sqrt", [f32([4, 2])]],
  ["Not", [bool(1, 0)]],
  ["Identity", [v]],
  ["Cast", [f], { to: "int64" }],
  ["Cast", [v], { to: "float32" }],
  ["Cast", [i64([0, 5])], { to: "bool" }],
  ["Add", [m, i64([10, 20, 30])]],
  ["Sub", [m, i64([10, 20], [2, 1])]],
  ["Mul", [v, scalar]],
  ["Div", [v, w]],
  ["Div", [f, f32([3])]],
  ["Mod", [v, w]],
  ["Mod", [v, w], { fmod: 1 }],
  ["Pow", [i64([2, 3]), i64([3, 2])]],
  ["Max", [v, w]],
  ["Min", [v, w]],
  ["And", [bool(1, 1, 0), bool(1, 0, 0)]],
  ["Or", [bool(1, 1, 0), bool(1, 0, 0)]],
  ["Equal", [v, i64([7])]],
  ["Greater", [v, w]],
  ["GreaterOrEqual", [v, i64([3])]],
  ["Less", [v, w]],
  ["LessOrEqual", [v, i64([3])]],
  ["Where", [bool(1, 0, 1, 0), v, w]],
  ["Reshape", [m], { shape: [3, 2] }],
  ["Flatten", [m], { axis: 0 }],
  ["Squeeze", [i64([5], [1])], { axes: [0] }],
  ["Unsqueeze", [v], { axes: [0] }],
  ["Expand", [i64([1, 2], [2, 1])], { shape: [2, 3] }],
  ["ConstantOfShape", [], { shape: [2, 2], value: i64([9]) }],
  ["Concat", [v, w], { axis: 0 }],
  ["Gather", [m, i64([1, -1])], { axis: 1 }],
  ["Gather", [v, scalar], { axis: 0 }],
  ["Slice", [v], { starts: [-1], ends: [-100], steps: [-2] }],
  ["Slice", [m], { starts: [1], ends: [2 ** 63], axes: [-1] }],
  ["ReduceProd", [v], { keepdims: 0 }],
  ["ReduceSum", [v]],
  ["ReduceMax", [v], { axes: [0] }],
  ["ReduceMin", [v]],
  ["Shape", [m], { start: -1 }],
  ["Transpose", [m], { perm: [1, 0] }],
];

test("folded values are ONNX Runtime's", async () => {
  const g = builder("cases");
  const folded = cases.map(([op, inputs, attrs], i) => {
    const values = inputs.map((t, k) => g.initializer(`${i}.${k}`, t));
    const [out] = g.emit(op, values, attrs);
    g.output(out, `y${i}`);
    const made = g.build().nodes.find((n) => n.outputs[0] === out)!;
    const names = inputs.map((_, k) => `${i}.${k}`);
    return foldShapes({ op, attrs: made.attrs, names, inputs: inputs.map(knownTensor) }, out, new Allowance(1000));
  });
  const session = await engine.load(encode(g.build()));
  const got = await runOnce(session, engine, {});
  await session.release();
  for (const [i, [op]] of cases.entries()) {
    const { dtype, shape, data } = got[`y${i}`];
    const values = Array.from(data as unknown as ArrayLike<number | bigint>, Number);
    expect({ op, ...folded[i] }).toMatchObject({ op, dtype, shape, values });
  }
});

test("values that depend on data are not folded, nor more of them than are allowed", () => {
  const some = new Allowance(1000);
  const fold = (op: string, inputs: readonly Type[], allowed = some) =>
    foldShapes({ op, attrs: {}, names: inputs.map((_, i) => `x${i}`), inputs }, inputs[0], allowed);
  expect(fold("Add", [knownTensor(v), { dtype: "int64", shape: [4] }])).toBeUndefined();
  expect(fold("Erf", [knownTensor(f)])).toBeUndefined();
  const add = (allowed: number) => fold("Add", [knownTensor(v), knownTensor(v)], new Allowance(allowed));
  const numbers = 3 * v.data.length;
  expect(add(numbers)).toBeDefined();
  expect(add(numbers - 1)).toBeUndefined();
});
