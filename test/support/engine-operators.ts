/**
 * What every engine must compute: the operators that training steps lean on, against loops written here in double
 * precision. Of each those settings that a runtime has got wrong or could: onnxruntime 1.30 computes grouped convolutions
 * wrongly on WebGPU in the layout that it prefers.
 */
import type { DType } from "../../src/dtype.ts";
import type { Engine, EngineTensor } from "../../src/engine/engine.ts";
import { runOnce } from "../../src/engine/engine.ts";
import type { Builder } from "../../src/graph/builder.ts";
import { f32, size, tensor } from "../../src/graph/tensor.ts";
import type { Value } from "../../src/graph/types.ts";
import { Random } from "../../src/math/random.ts";
import { close, same } from "./assertions.ts";
import { type EngineCase, withModel } from "./engine-cases.ts";

/** The output of `build` on its inputs. */
function compute(
  engine: Engine,
  inputs: Readonly<Record<string, EngineTensor>>,
  build: (g: Builder, ...inputs: Value[]) => Value,
): Promise<EngineTensor> {
  const model = (g: Builder) => {
    const values = Object.entries(inputs).map(([name, { dtype, shape }]) => g.input(name, dtype, shape));
    g.output(build(g, ...values), "out");
  };
  return withModel(engine, model, async (session) => (await runOnce(session, engine, inputs)).out);
}

function random(shape: readonly number[], stream: string): EngineTensor & { readonly data: Float32Array } {
  const draw = new Random(1, "verify", stream.length, size(shape));
  return { dtype: "float32", shape, data: Float32Array.from({ length: size(shape) }, () => draw.normal()) };
}
const values = (t: EngineTensor) => t.data as Float32Array;

/** Channels in, channels out, groups; kernels of 3 × 3 on 5 × 5 pixels, padded, with a stride. */
const convolutions: readonly (readonly [c: number, m: number, group: number, stride: number])[] = [
  [3, 4, 1, 1],
  [4, 4, 4, 1], //  one output per group: depthwise
  [2, 18, 2, 1], // nine per group, an even number in all: wrong in the layout that WebGPU prefers
  [4, 36, 4, 2],
  [4, 20, 2, 1],
  [6, 9, 3, 2],
];

/** A convolution by its definition: y[n, m, i, j] = Σ x[n, c, s·i + p − 1, s·j + q − 1] · w[m, c, p, q] + b[m]. */
function convolved(x: EngineTensor, w: EngineTensor, b: EngineTensor, group: number, stride: number): number[] {
  const [batch, channels, side] = x.shape;
  const [maps, perGroup] = w.shape;
  const out = Math.floor((side - 1) / stride) + 1;
  const [xs, ws, bs] = [values(x), values(w), values(b)];
  const y: number[] = [];
  for (let n = 0; n < batch; n++)
    for (let m = 0; m < maps; m++)
      for (let i = 0; i < out; i++)
        for (let j = 0; j < out; j++) {
          let sum = bs[m];
          for (let k = 0; k < perGroup; k++)
            for (let p = 0; p < 3; p++)
              for (let q = 0; q < 3; q++) {
                const c = Math.floor(m / (maps / group)) * perGroup + k;
                const [row, column] = [stride * i + p - 1, stride * j + q - 1];
                if (row < 0 || row >= side || column < 0 || column >= side) continue;
                const pixel = xs[((n * channels + c) * side + row) * side + column];
                sum += pixel * ws[((m * perGroup + k) * 3 + p) * 3 + q];
              }
          y.push(sum);
        }
  return y;
}

const convolutionCases: Readonly<Record<string, EngineCase>> = Object.fromEntries(
  convolutions.map(([c, m, group, stride]) => [
    `Conv ${c} → ${m} in ${group} groups, stride ${stride}`,
    async (engine: Engine) => {
      const inputs = { x: random([2, c, 5, 5], "x"), w: random([m, c / group, 3, 3], "w"), b: random([m], "bias") };
      const got = await compute(engine, inputs, (g, x, w, b) =>
        g.Conv(x, w, b, { group, kernel_shape: [3, 3], strides: [stride, stride], pads: [1, 1, 1, 1] }),
      );
      close(values(got), convolved(inputs.x, inputs.w, inputs.b, group, stride), 1e-5, "y");
    },
  ]),
);

const reductionCases = {
  async "MaxPool, windows that overlap and padding that never wins"(engine) {
    const x = random([2, 3, 5, 5], "x");
    for (let i = 0; i < 25; i++) x.data[i] = -10 - (i % 3); // all negative, with ties
    const got = await compute(
      engine,
      { x },
      (g, v) => g.MaxPool(v, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })[0],
    );
    const wanted: number[] = [];
    for (let plane = 0; plane < 6; plane++)
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) {
          let most = Number.NEGATIVE_INFINITY;
          for (let row = Math.max(0, 2 * i - 1); row < Math.min(5, 2 * i + 2); row++)
            for (let column = Math.max(0, 2 * j - 1); column < Math.min(5, 2 * j + 2); column++)
              most = Math.max(most, x.data[plane * 25 + row * 5 + column]);
          wanted.push(most);
        }
    same(values(got), wanted, "y");
  },

  async "Softmax of large numbers"(engine) {
    const x = f32([1000, 1001, 999, -1000, 0, 0], [2, 3]);
    const got = await compute(engine, { x }, (g, v) => g.Softmax(v));
    const rows = [
      [1000, 1001, 999],
      [-1000, 0, 0],
    ].map((row) => row.map((v) => Math.exp(v - Math.max(...row))));
    close(
      values(got),
      rows.flatMap((row) => row.map((e) => e / row.reduce((a, b) => a + b))),
      1e-5,
      "y",
    );
  },

  async "ReduceSum over some axes, all and none of several elements"(engine) {
    const x = random([2, 3, 4], "x");
    const sum = (axes: readonly number[] | undefined, keepdims: number) =>
      compute(engine, { x }, (g, v) => g.ReduceSum(v, { axes, keepdims }));
    const at = (i: number, j: number, k: number) => x.data[(i * 3 + j) * 4 + k];
    const middle = await sum([1], 1);
    same([...middle.shape], [2, 1, 4], "the shape over axis 1");
    const wanted = [0, 1].flatMap((i) => [0, 1, 2, 3].map((k) => at(i, 0, k) + at(i, 1, k) + at(i, 2, k)));
    close(values(middle), wanted, 1e-5, "over axis 1");
    const outer = await sum([0, 2], 0);
    same([...outer.shape], [3], "the shape over axes 0 and 2");
    const lines = [0, 1, 2].map((j) =>
      [0, 1].flatMap((i) => [0, 1, 2, 3].map((k) => at(i, j, k))).reduce((a, b) => a + b),
    );
    close(values(outer), lines, 1e-5, "over axes 0 and 2");
    const all = await sum(undefined, 0);
    same([...all.shape], [], "the shape over all");
    close(values(all), [x.data.reduce((a, b) => a + b, 0)], 1e-5, "over all");
  },

  async "MatMul of a batch by one matrix"(engine) {
    const [a, b] = [random([2, 3, 5], "a"), random([5, 4], "bb")];
    const got = await compute(engine, { a, b }, (g, x, y) => g.MatMul(x, y));
    const wanted = Array.from({ length: 24 }, (_, o) => {
      const [row, column] = [Math.floor(o / 4), o % 4];
      return [0, 1, 2, 3, 4].reduce((sum, k) => sum + a.data[row * 5 + k] * b.data[k * 4 + column], 0);
    });
    close(values(got), wanted, 1e-5, "y");
  },
} satisfies Record<string, EngineCase>;

/** What a number becomes, where that is defined: from floats towards zero. */
const casts: readonly (readonly [from: EngineTensor, to: DType, wanted: EngineTensor["data"]])[] = [
  [f32([-2.7, -0.5, 0, 0.9, 100.5]), "int32", Int32Array.of(-2, 0, 0, 0, 100)],
  [f32([-2.7, -0.5, 0, 0.9, 100.5]), "int64", BigInt64Array.of(-2n, 0n, 0n, 0n, 100n)],
  [f32([0, 0.9, 1.5, 254.9, 255]), "uint8", Uint8Array.of(0, 0, 1, 254, 255)],
  [f32([-1, -0, 0, 0.5, 2]), "bool", Uint8Array.of(1, 0, 0, 1, 1)],
  [tensor("int32", [3], Int32Array.of(-3, 0, 2 ** 24)), "float32", Float32Array.of(-3, 0, 2 ** 24)],
  [tensor("int32", [3], Int32Array.of(-3, 0, 7)), "int64", BigInt64Array.of(-3n, 0n, 7n)],
  [tensor("int64", [3], BigInt64Array.of(-3n, 0n, 2n ** 24n)), "float32", Float32Array.of(-3, 0, 2 ** 24)],
  [tensor("int64", [3], BigInt64Array.of(-3n, 0n, 7n)), "int32", Int32Array.of(-3, 0, 7)],
  [tensor("uint8", [3], Uint8Array.of(0, 128, 255)), "float32", Float32Array.of(0, 128, 255)],
  [tensor("uint8", [3], Uint8Array.of(0, 128, 255)), "int32", Int32Array.of(0, 128, 255)],
  [tensor("bool", [2], Uint8Array.of(0, 1)), "float32", Float32Array.of(0, 1)],
];

const castCases: Readonly<Record<string, EngineCase>> = Object.fromEntries(
  casts.map(([from, to, wanted]) => [
    `Cast ${from.dtype} → ${to}`,
    async (engine: Engine) => {
      const got = await compute(engine, { x: from }, (g, x) => g.Cast(x, { to }));
      same([got.dtype, got.data], [to, wanted], "y");
    },
  ]),
);

export const operatorCases = { ...convolutionCases, ...reductionCases, ...castCases };
