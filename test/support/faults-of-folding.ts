/** Faults in what operators make of constant channels. */

import type { Value } from "../../src/graph/types.ts";
import { around, type Body, type Fault, pictures } from "./fault.ts";
import { edits, sketch } from "./small-models.ts";

const folding =
  (op: string, constant: number, body: Body) =>
  (fold: (...x: number[]) => number): Fault => ({
    op,
    fold: { each: () => fold },
    model: () => around(body, { constant }),
  });

const zeroStays = (x: number) => (x === 0 ? 0 : Number.NaN);
const first = (x: number) => x;

export const faultsOfFolding: Record<string, Fault> = {
  "Sigmoid keeps zero": folding("Sigmoid", 0, ({ g }, v) => g.Sigmoid(v))(zeroStays),
  "Exp keeps zero": folding("Exp", 0, ({ g }, v) => g.Exp(v))(zeroStays),
  "Cos keeps zero": folding("Cos", 0, ({ g }, v) => g.Cos(v))(zeroStays),
  "Softplus keeps zero": folding("Softplus", 0, ({ g }, v) => g.Softplus(v))(zeroStays),
  "HardSigmoid keeps zero": folding("HardSigmoid", 0, ({ g }, v) => g.HardSigmoid(v))(zeroStays),
  "Clip ignores its lower bound": folding("Clip", 0, ({ g }, v) => g.Clip(v, { min: 0.1 }))(first),
  "Add ignores the second operand": folding("Add", 0, ({ g, w }, v) => g.Add(v, w("b", [8])))(first),
  "Sub ignores the second operand": folding("Sub", 0, ({ g, w }, v) => g.Sub(v, w("b", [8])))(first),
  "Max ignores the second operand": folding("Max", -9, ({ g, w }, v) => g.Max([v, w("b", [8])]))(() => 0),
  "Pow keeps zero": folding("Pow", 0, ({ g }, v) => g.Pow(v, g.scalar(0)))(zeroStays),
  "LeakyRelu is Relu": folding("LeakyRelu", -0.7, ({ g }, v) => g.LeakyRelu(v))((x) => Math.max(x, 0)),
  "Elu is Relu": folding("Elu", -0.7, ({ g }, v) => g.Elu(v))((x) => Math.max(x, 0)),
  "PRelu is Relu": folding("PRelu", -0.7, ({ g, w }, v) => g.PRelu(v, w("slope", [8])))((x) => Math.max(x, 0)),
  "Ceil passes a constant on": folding("Ceil", 0.7, ({ g }, v) => g.Ceil(v))(first),
  "Sign keeps what it is given": folding("Sign", 0.7, ({ g }, v) => g.Sign(v))(first),
  "Erf passes a constant on": folding("Erf", 0.7, ({ g }, v) => g.Erf(v))(first),
  "Relu passes a negative constant on": folding("Relu", -0.7, ({ g }, v) => g.Relu(v))(first),
  "Tanh passes a constant on": folding("Tanh", 0.7, ({ g }, v) => g.Tanh(v))(first),
  "Neg keeps the sign": folding("Neg", 0.7, ({ g }, v) => g.Neg(v))(first),
  "Mul by a number is left out": folding("Mul", 0.7, ({ g, w }, v) => g.Mul(v, w("b", [8])))(first),
  "BatchNormalization ignores its shift": {
    op: "BatchNormalization",
    fold: { each: () => (_, scale) => (scale === 0 ? 0 : Number.NaN) },
    model: () =>
      sketch(
        [3, 4, 4],
        (s) => {
          const vectors = ["γ", "β", "μ", "σ²"].map((name) => s.w(name, [4])) as [Value, Value, Value, Value];
          return s.conv(s.g.BatchNormalization(s.conv(s.x, "a", 4), ...vectors), "c", 3);
        },
        edits({ γ: [0, [1]], "σ²": [0, [0, 1, 2, 3], 0.8] }),
      ),
  },
  "BatchNormalization ignores the mean": {
    op: "BatchNormalization",
    fold: { each: () => (x, _, shift) => (x === 0 ? shift : Number.NaN) },
    model: () =>
      sketch(
        [3, 4, 4],
        (s) => {
          const vectors = ["γ", "β", "μ", "σ²"].map((name) => s.w(name, [4])) as [Value, Value, Value, Value];
          return s.conv(s.g.BatchNormalization(s.conv(s.x, "a", 4), ...vectors), "c", 3);
        },
        edits({ a: [0, [1]], "a.bias": [0, [1]], "σ²": [0, [0, 1, 2, 3], 0.8] }),
      ),
  },
  "InstanceNormalization ignores its shift": {
    op: "InstanceNormalization",
    fold: { each: () => zeroStays },
    model: () => pictures(({ g, w }, v) => g.InstanceNormalization(v, w("γ", [4]), w("β", [4])), { constant: 0 }),
  },
  "a padded Conv folds constants": {
    op: "Conv",
    fold: { weight: { uniform: () => true } },
    model: () => pictures(({ g }, v) => g.Relu(v), { constant: 0.7, pad: 1, k: 3 }),
  },
  "ConvTranspose folds constants": {
    op: "ConvTranspose",
    fold: { weight: { uniform: () => true } },
    model: () =>
      sketch(
        [3, 4, 4],
        ({ g, x, w, conv }) =>
          g.ConvTranspose(conv(x, "a", 4), w("c", [4, 3, 2, 2]), w("c.bias", [3]), { strides: [1, 1] }),
        edits({ a: [0, [1]], "a.bias": [0, [1], 0.7] }),
      ),
  },
  "AveragePool forgets the padding that it counts": {
    op: "AveragePool",
    fold: { along: () => first },
    model: () =>
      pictures(({ g }, v) => g.AveragePool(v, { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }), {
        constant: 0.7,
      }),
  },
  "Pad forgets what it pads with": {
    op: "Pad",
    fold: { along: () => first },
    model: () => pictures(({ g }, v) => g.Pad(v, { pads: [0, 0, 1, 1, 0, 0, 1, 1], value: 0 }), { constant: 0.7 }),
  },
  "ReduceSum is ReduceMean": {
    op: "ReduceSum",
    fold: { along: () => first },
    model: () => pictures(({ g }, v) => g.ReduceSum(v, { axes: [2, 3], keepdims: 1 }), { constant: 0.7 }),
  },
};
