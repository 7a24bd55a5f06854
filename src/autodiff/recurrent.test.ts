/** Recurrent layers: all their outputs and gradients against PyTorch's, from test/fixtures/autodiff/recurrent.py, and what has no rule. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../test/fixtures/autodiff/run.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { constantOf } from "../graph/emit.ts";
import { arrayOf, f32, i64, size, tensor } from "../graph/tensor.ts";
import type { Attrs, Data, DType, Shape, Tensor, Value } from "../graph/types.ts";
import { backward } from "./backward.ts";

interface Held {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: readonly number[];
}
interface Fixture {
  readonly name: string;
  readonly op: string;
  readonly attrs: Attrs;
  readonly in: readonly (Held | null)[];
  readonly y: readonly (readonly number[])[];
  readonly dy: readonly (readonly number[])[];
  readonly dx: readonly (readonly number[] | null)[];
}

const file = new URL("../../test/fixtures/autodiff/recurrent.json", import.meta.url);
const cases = JSON.parse(readFileSync(file, "utf8")) as Fixture[];
const held = ({ dtype, shape, data }: Held): Tensor =>
  tensor(dtype, shape, (arrayOf(dtype) as { from(x: unknown): Data }).from(data));
const distance = (got: readonly number[], wanted: readonly number[]) =>
  Math.max(...wanted.map((w, i) => Math.abs(got[i] - w))) / Math.max(1, ...wanted.map(Math.abs));

interface Made {
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly loss: Value;
}

/** The layer, and Σ of its outputs times what is given for each. */
function layer(g: Builder, c: Fixture, feeds: Record<string, Tensor>): Made {
  const inputs = c.in.map((x, i) => {
    if (!x || !c.dx[i]) return x && g.constant(held(x));
    feeds[`x${i}`] = held(x);
    return g.input(`x${i}`, x.dtype, x.shape);
  });
  const outputs = g.emit(c.op, inputs, c.attrs);
  const terms = outputs.map((y, i) => g.ReduceSum(g.Mul(y, g.constant(f32(c.dy[i], y.shape))), { keepdims: 0 }));
  return { inputs, outputs, loss: g.Sum(terms) };
}

describe("as PyTorch:", () => {
  test.each(cases.map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const g = builder();
    const feeds: Record<string, Tensor> = {};
    const { inputs, outputs, loss } = layer(g, c, feeds);
    const wrt = inputs.filter((v, i): v is Value => c.dx[i] !== null);
    const gradients = backward(g, loss, wrt);
    outputs.forEach((y, i) => void g.output(y, `y${i}`));
    for (const v of wrt) g.output(gradients.get(v)!, `d${v.name}`);
    const runnable = await load(g);
    const out = await runnable.run(feeds);
    await runnable.release();
    for (const [i, y] of c.y.entries()) expect(distance(out[`y${i}`], y), `y${i}`).toBeLessThan(1e-5);
    for (const v of wrt) expect(distance(out[`d${v.name}`], c.dx[Number(v.name.slice(1))]!), v.name).toBeLessThan(1e-5);
  });
});

/** Gradients of Σ of what is read of the steps' states, times some numbers. */
async function gradients(c: Fixture, read: (g: Builder, y: Value) => Value): Promise<Record<string, number[]>> {
  const g = builder();
  const feeds: Record<string, Tensor> = {};
  const { inputs, outputs } = layer(g, c, feeds);
  const wrt = inputs.filter((v, i): v is Value => c.dx[i] !== null);
  const some = read(g, outputs[0]);
  const times = f32(
    Array.from({ length: size(some.shape) }, (_, i) => Math.sin(i + 1)),
    some.shape,
  );
  const found = backward(g, g.ReduceSum(g.Mul(some, g.constant(times)), { keepdims: 0 }), wrt);
  for (const v of wrt) g.output(found.get(v)!, `d${v.name}`);
  const runnable = await load(g);
  const out = await runnable.run(feeds);
  await runnable.release();
  return out;
}

describe("of the steps that a network reads alone:", () => {
  const at = (g: Builder, y: Value, steps: readonly number[], axis = 0) =>
    g.Gather(y, g.constant(i64(steps)), { axis });
  const readers: Readonly<Record<string, (g: Builder, y: Value) => Value>> = {
    "the last one, batches first": (g, y) => {
      const [steps, ways, batch, units] = y.shape;
      const flat = g.Reshape(g.Transpose(y, { perm: [0, 2, 1, 3] }), { shape: [steps, batch, ways * units] });
      return at(g, g.Transpose(flat, { perm: [1, 0, 2] }), [-1], 1);
    },
    "a slice of two": (g, y) => g.Slice(y, { starts: [1], ends: [3], axes: [0] }),
    "one of them twice": (g, y) => at(g, y, [2, 0, 2]),
    "every other unit": (g, y) => at(g, y, [1], 3),
  };
  const layers = cases.filter(({ name }) => /^LSTM|lengths$/.test(name));
  test.each(layers.flatMap((c) => Object.entries(readers).map(([how, read]) => [c.name, how, c, read] as const)))(
    "%s, %s",
    async (_, __, c, read) => {
      const found = await gradients(c, read);
      // a product in between hides which steps are read
      const wanted = await gradients(c, (g, y) =>
        read(
          g,
          g.Mul(
            y,
            constantOf(g, y.dtype, y.shape, () => 1),
          ),
        ),
      );
      for (const [name, d] of Object.entries(wanted)) expect(distance(found[name], d), name).toBeLessThan(1e-6);
    },
  );
});

test.each(["RNN", "GRU", "LSTM"])("%s: the gradient over a batch is the sum of those over its parts", async (op) => {
  const [steps, width, units, batch] = [3, 2, 2, 400];
  const gates = { RNN: 1, GRU: 3, LSTM: 4 }[op]!;
  const of = (shape: Shape, seed: number): Held => ({
    dtype: "float32",
    shape,
    data: Array.from({ length: size(shape) }, (_, i) => Math.sin(seed + 1.7 * i)),
  });
  const x = of([steps, batch, width], 1);
  const weights = [of([1, gates * units, width], 2), of([1, gates * units, units], 3), of([1, 2 * gates * units], 4)];
  const over = async (from: number, to: number) => {
    const own = Array.from({ length: steps }, (_, t) =>
      x.data.slice((t * batch + from) * width, (t * batch + to) * width),
    ).flat();
    const g = builder();
    const inputs = [{ ...x, shape: [steps, to - from, width], data: own }, ...weights].map((v) => g.constant(held(v)));
    const wrt = inputs.slice(1).map((v) => g.Relu(v)); // something that is not stored, so that it can be differentiated
    const [y] = g.emit(op, [inputs[0], ...wrt], {});
    const found = backward(g, g.ReduceSum(g.Mul(y, y), { keepdims: 0 }), wrt);
    for (const [i, v] of wrt.entries()) g.output(found.get(v)!, `d${i}`);
    const runnable = await load(g);
    const out = await runnable.run({});
    await runnable.release();
    return out;
  };
  const [whole, ...thirds] = [await over(0, 400), await over(0, 120), await over(120, 250), await over(250, 400)];
  for (const [name, d] of Object.entries(whole)) {
    const sum = d.map((_, i) => thirds.reduce((total, part) => total + part[name][i], 0));
    expect(distance(d, sum), name).toBeLessThan(1e-5);
  }
});

test("batches may stand first: no kernel runs that, but what is differentiated is written out", async () => {
  const c = cases.find(({ name }) => name === "GRU of several lengths")!;
  const [steps, batch] = c.in[0]!.shape;
  const g = builder();
  const feeds: Record<string, Tensor> = {};
  const { inputs, outputs, loss } = layer(g, c, feeds);
  const wrt = inputs.filter((v, i): v is Value => c.dx[i] !== null);
  const wanted = backward(g, loss, wrt);
  const swapped = (v: Value | null) => v && g.Transpose(v, { perm: [1, 0, 2] });
  const [x, w, r, b, lengths, h0] = inputs;
  const [y, last] = g.GRU([swapped(x), w, r, b, lengths, swapped(h0)], { ...c.attrs, layout: 1 });
  expect([y.shape, last.shape]).toEqual([
    [batch, steps, 2, 2],
    [batch, 2, 2],
  ]);
  const dy = g.Transpose(g.constant(f32(c.dy[0], outputs[0].shape)), { perm: [2, 0, 1, 3] });
  const dlast = g.Transpose(g.constant(f32(c.dy[1], outputs[1].shape)), { perm: [1, 0, 2] });
  const terms = [g.Mul(y, dy), g.Mul(last, dlast)].map((t) => g.ReduceSum(t, { keepdims: 0 }));
  const found = backward(g, g.Sum(terms), wrt);
  for (const v of wrt) {
    g.output(wanted.get(v)!, `wanted ${v.name}`);
    g.output(found.get(v)!, `found ${v.name}`);
  }
  g.output(g.Transpose(y, { perm: [1, 2, 0, 3] }), "y");
  g.output(g.Transpose(last, { perm: [1, 0, 2] }), "last");
  const runnable = await load(g);
  const out = await runnable.run(feeds);
  await runnable.release();
  expect(distance(out["y"], c.y[0])).toBeLessThan(1e-5);
  expect(distance(out["last"], c.y[1])).toBeLessThan(1e-5);
  for (const v of wrt) expect(distance(out[`found ${v.name}`], out[`wanted ${v.name}`]), v.name).toBeLessThan(1e-5);
});

test.each<[string, Attrs]>([
  ["clip 3", { clip: 3 }],
  ["the activation HardSigmoid", { activations: ["HardSigmoid", "Tanh", "Tanh"] }],
  ["input_forget", { input_forget: 1 }],
])("no gradient rule for LSTM with %s", (without, attrs) => {
  const c = cases.find(({ name }) => name === "LSTM forward")!;
  const g = builder();
  const { loss, inputs } = layer(g, { ...c, attrs: { ...c.attrs, ...attrs } }, {});
  expect(() => backward(g, loss, [inputs[1]!])).toThrow(`no gradient rule for LSTM with ${without}`);
});
