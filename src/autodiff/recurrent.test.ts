/** Recurrent layers: all their outputs and gradients against PyTorch's, from test/fixtures/autodiff/recurrent.py, and what has no rule. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../test/fixtures/autodiff/run.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { arrayOf, f32, tensor } from "../graph/tensor.ts";
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

test("batches may stand first: no kernel runs that, but its gradient is that of the other order", async () => {
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
  const same = {
    y: g.Transpose(outputs[0], { perm: [2, 0, 1, 3] }),
    last: g.Transpose(outputs[1], { perm: [1, 0, 2] }),
  };
  const dy = g.Transpose(g.constant(f32(c.dy[0], outputs[0].shape)), { perm: [2, 0, 1, 3] });
  const dlast = g.Transpose(g.constant(f32(c.dy[1], outputs[1].shape)), { perm: [1, 0, 2] });
  const terms = [g.Mul(y, dy), g.Mul(last, dlast)].map((t) => g.ReduceSum(t, { keepdims: 0 }));
  const found = backward(g, g.Sum(terms), wrt);
  for (const v of wrt) {
    g.output(wanted.get(v)!, `wanted ${v.name}`);
    g.output(found.get(v)!, `found ${v.name}`);
  }
  const graph = g.build();
  // the runtime has no kernel for this layout: what it would give is that of the other order, transposed
  const nodes = graph.nodes.filter((n) => n.attrs.layout !== 1);
  const given = new Map([
    [y, same.y],
    [last, same.last],
  ]);
  const h = builder("run", { ...graph, nodes: [] });
  for (const n of nodes) h.add({ ...n, inputs: n.inputs.map((v) => (v && given.get(v)) ?? v) });
  for (const o of graph.outputs) h.output(o);
  const runnable = await load(h);
  const out = await runnable.run(feeds);
  await runnable.release();
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
