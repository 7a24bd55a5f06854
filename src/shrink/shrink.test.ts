import { expect, test } from "vitest";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { print } from "../graph/print.ts";
import { f32, size, tensor } from "../graph/tensor.ts";
import type { Graph, Model, Shape, Tensor, Value } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { write } from "../onnx/write.ts";
import { prove } from "../proof/prove.ts";
import { reduce } from "./apply.ts";
import { certify } from "./certificate.ts";
import { cost } from "./cost.ts";
import { inspect } from "./inspect.ts";
import { shrink } from "./shrink.ts";
import { verify } from "./verify.ts";

const engine = node({ threads: 1 });
const random = new Random(1, "init");
const noise = (shape: Shape): Tensor => {
  return tensor(
    "float32",
    shape,
    Float32Array.from({ length: size(shape) }, () => random.normal() * 0.5),
  );
};
const w = (g: Builder, name: string, shape: Shape) => g.initializer(name, noise(shape));

/** A model with a dynamic batch; `edit` changes its tensors by name. */
function model(input: Shape, build: (g: Builder, x: Value) => Value, edit: (name: string, t: Tensor) => Tensor): Model {
  const g = builder();
  const y = g.output(build(g, g.input("x", "float32", [2, ...input])), "y");
  const graph: Graph = g.build();
  const initializers = new Map([...graph.initializers].map(([v, t]) => [v, edit(v.name, t)]));
  return {
    graph: { ...graph, initializers },
    opset: 17,
    dims: new Map([
      ["x", ["n", ...input]],
      ["y", ["n", ...y.shape.slice(1)]],
    ]),
    metadata: new Map(),
  };
}
/** Sets some indices of an axis to a number. */
const fill = (t: Tensor, axis: number, indices: readonly number[], x = 0): Tensor => {
  const inner = size(t.shape.slice(axis + 1));
  const at = (i: number) => Math.floor(i / inner) % t.shape[axis];
  return { ...t, data: Float32Array.from(t.data as Float32Array, (v, i) => (indices.includes(at(i)) ? x : v)) };
};
const all = (t: Tensor, x = 0): Tensor => ({ ...t, data: new Float32Array(t.data.length).fill(x) });
const shapes = (m: Model) =>
  Object.fromEntries([...m.graph.initializers.keys()].map((v) => [v.name, v.shape.join("×")]));

/** conv a → relu → conv b, `pads` on b. Filter 1 of a is zero with bias 0.7, so its channel is constant. */
const constantChannel = (pads: readonly number[]) =>
  model(
    [3, 6, 6],
    (g, x) => {
      const a = g.Relu(g.Conv(x, w(g, "a", [4, 3, 3, 3]), w(g, "a.bias", [4])));
      return g.Conv(a, w(g, "b.weight", [2, 4, 3, 3]), null, { pads });
    },
    (name, t) => (name === "a" ? fill(t, 0, [1]) : name === "a.bias" ? fill(t, 0, [1], 0.7) : t),
  );

test("a constant channel folds into the bias behind an unpadded convolution", async () => {
  const { model: small, certificate, verification } = await shrink(constantChannel([0, 0, 0, 0]), { engine });
  expect(verification.maxRel).toBeLessThan(1e-6);
  expect(shapes(small)).toEqual({ a: "3×3×3×3", "a.bias": "3", "b.weight": "2×3×3×3", "b.bias": "2" });
  expect(certificate.removed).toMatchInlineSnapshot(`
    [
      {
        "axis": 0,
        "count": 1,
        "index": "1",
        "reason": "folded constant",
        "step": 1,
        "tensor": "a",
      },
      {
        "axis": 0,
        "count": 1,
        "index": "1",
        "reason": "folded constant",
        "step": 1,
        "tensor": "a.bias",
      },
      {
        "axis": 1,
        "count": 1,
        "index": "1",
        "reason": "folded constant",
        "step": 1,
        "tensor": "b.weight",
      },
    ]
  `);
});

test("a constant channel stays before zero padding, and inspect says why", async () => {
  const full = constantChannel([1, 1, 1, 1]);
  expect(reduce(full).removals).toEqual([]);
  expect(inspect(full).layers[0].kept).toMatchInlineSnapshot(`
    [
      "Conv "Conv_1" reads the constant 0.7 beside zero padding, which no bias can replace",
    ]
  `);
});

const chain = (edit: (name: string, t: Tensor) => Tensor, end: (g: Builder, y: Value) => Value = (_, y) => y) =>
  model(
    [6],
    (g, x) => {
      const layer = (v: Value, name: string, O: number) =>
        g.Gemm(v, w(g, name, [O, v.shape[1]]), w(g, `${name}.bias`, [O]), { transB: 1 });
      return end(g, layer(g.Relu(layer(g.Relu(layer(x, "a", 8)), "b", 5)), "c", 3));
    },
    edit,
  );

test("removing a consumer's filter frees the channels before it", () => {
  const { model: small, removals } = reduce(
    chain((name, t) => (name === "c" ? fill(t, 1, [0, 1, 2, 3]) : name === "b" ? fill(t, 0, [4]) : t)),
  );
  // all of b's neurons go but the last, whose filter is zero: it is a constant, and the network with it
  expect(shapes(small)).toEqual({});
  expect(removals.every((r) => r.axis === null)).toBe(true);
});

test("a dead chain becomes its constant, for every batch and whatever the input", async () => {
  const full = chain((name, t) => (name === "b" ? all(t) : t));
  const { model: small, certificate } = await shrink(full, { engine });
  expect(print(small.graph)).toMatchInlineSnapshot(`
    "in   x: float32[2,6]
    y/constant/Constant: float32[1,3] = Constant(value=float32[1,3]{0.09773267805576324, 0.8401393890380859, -0.10206721723079681})
    y/constant/Flatten: float32[2,6] = Flatten(x, axis=1)
    y/constant/Slice: float32[2,1] = Slice(y/constant/Flatten, starts=[0], ends=[1], axes=[1], steps=[1])
    y/constant/Greater: bool[2,1] = Greater(y/constant/Slice, y/constant/Slice)
    y/constant/Cast: float32[2,1] = Cast(y/constant/Greater, to=float32)
    y/constant/Reshape: float32[2,1] = Reshape(y/constant/Cast, shape=[-1,1], allowzero=0)
    y: float32[2,3] = Add(y/constant/Reshape, y/constant/Constant)
    out  y: float32[2,3]"
  `);
  expect(certificate).toMatchObject({ replaced: [{ value: "y", by: "constant" }] });
  const session = await engine.load(write(small));
  const { y } = await runOnce(session, engine, { x: f32(new Float32Array(30).fill(Number.NaN), [5, 6]) });
  expect(y.shape).toEqual([5, 3]);
  expect(Array.from(y.data as Float32Array).every(Number.isFinite)).toBe(true);
  await session.release();
});

test("a dead chain before an operator that mixes channels becomes a constant too", async () => {
  const full = chain(
    (name, t) => (name === "b" ? all(t) : t),
    (g, y) => g.Softmax(y),
  );
  const { model: small } = await shrink(full, { engine });
  expect(small.graph.nodes.map((n) => n.op)).toContain("Softmax");
  expect(small.graph.initializers.size).toBe(0);
});

const residual = (edit: (name: string, t: Tensor) => Tensor) =>
  model(
    [3, 5, 5],
    (g, x) => {
      const pads = [1, 1, 1, 1];
      const s = g.Relu(g.Conv(x, w(g, "stem", [4, 3, 3, 3]), null, { pads }));
      const a = g.Relu(g.Conv(s, w(g, "a", [6, 4, 3, 3]), w(g, "a.bias", [6]), { pads }));
      const b = g.Conv(a, w(g, "b", [4, 6, 3, 3]), w(g, "b.bias", [4]), { pads });
      const t = g.Relu(g.Add(s, b));
      return g.Gemm(g.Flatten(g.GlobalAveragePool(t)), w(g, "fc", [2, 4]), null, { transB: 1 });
    },
    edit,
  );

test("a dead residual branch is deleted", async () => {
  const full = residual((name, t) => (name.startsWith("b") ? all(t) : t));
  const { model: small, certificate } = await shrink(full, { engine });
  expect(shapes(small)).toEqual({ stem: "4×3×3×3", fc: "2×4" });
  expect(small.graph.nodes.map((n) => n.op)).toEqual([
    "Conv",
    "Relu",
    "Relu",
    "GlobalAveragePool",
    "Flatten",
    "Gemm",
    "Identity",
  ]);
  expect(certificate.replaced).toEqual([{ step: 1, value: "Conv_2", by: "nothing" }]);
});

test("a residual branch that is a constant becomes that constant", async () => {
  const { model: small } = await shrink(
    residual((name, t) => (name === "b" ? all(t) : t)),
    { engine },
  );
  expect(shapes(small)).toEqual({ stem: "4×3×3×3", fc: "2×4" });
  expect(small.graph.nodes.map((n) => n.op)).toContain("Add");
});

test.each(["Max", "Min", "Mean", "Sum"] as const)(
  "a dead branch beside a live one in %s changes no result",
  async (op) => {
    const full = model(
      [4],
      (g, x) => {
        const live = g.MatMul(x, w(g, "live", [4, 5]));
        return g.MatMul(g[op]([live, g.MatMul(x, w(g, "dead", [4, 5]))]), w(g, "last", [5, 2]));
      },
      (name, t) => (name === "dead" ? all(t) : t),
    );
    const { model: small, verification } = await shrink(full, { engine });
    expect(verification.maxRel).toBeLessThan(1e-6);
    expect(shapes(small)).toEqual({ live: "4×5", last: "5×2" });
  },
);

test("dead columns of the network's input are dropped behind it, once", async () => {
  const full = model(
    [1, 20, 20],
    (g, x) => g.Gemm(g.Flatten(x), w(g, "a", [10, 400]), w(g, "a.bias", [10]), { transB: 1 }),
    (name, t) =>
      name === "a"
        ? fill(
            t,
            1,
            Array.from({ length: 300 }, (_, i) => i + 50),
          )
        : t,
  );
  const { model: small, certificate } = await shrink(full, { engine });
  expect(shapes(small)).toMatchObject({ a: "10×100" });
  expect(small.graph.inputs[0].shape).toEqual([2, 1, 20, 20]);
  expect(certificate.removed).toEqual([
    { step: 1, tensor: "a", axis: 1, index: "50-349", count: 300, reason: "unread" },
  ]);
  // the small model, sparser again: the indices behind the input are renumbered, not stacked
  const again = { ...small, graph: edited(small.graph, "a", (t) => fill(t, 1, [0, 1, 99])) };
  const smaller = await shrink(again, { engine });
  expect(smaller.model.graph.nodes.filter((n) => n.op === "Gather").length).toBe(1);
  expect(shapes(smaller.model)).toMatchObject({ a: "10×97" });
});

function edited(graph: Graph, name: string, edit: (t: Tensor) => Tensor): Graph {
  const initializers = new Map([...graph.initializers].map(([v, t]) => [v, v.name === name ? edit(t) : t]));
  return { ...graph, initializers };
}

test("an operator without a grouping rule keeps its channels, and inspect names it", () => {
  const full = chain(
    (name, t) => (name === "c" ? fill(t, 0, [1]) : t),
    (g, y) => g.Softmax(y),
  );
  expect(reduce(full).removals).toEqual([]);
  const { layers, params, macs } = inspect(full);
  expect({ params, macs }).toEqual(cost(full));
  expect(params).toBe(6 * 8 + 8 + 8 * 5 + 5 + 5 * 3 + 3);
  expect(macs).toBe(6 * 8 + 8 * 5 + 5 * 3);
  expect(
    layers.map((l) => [l.weight, l.groups, l.zeroGroups, l.channels, l.removable, l.obstacles]),
  ).toMatchInlineSnapshot(`
    [
      [
        "a",
        6,
        0,
        8,
        0,
        [],
      ],
      [
        "b",
        8,
        0,
        5,
        0,
        [],
      ],
      [
        "c",
        5,
        0,
        3,
        0,
        [
          "Softmax "Softmax" normalizes over this axis",
        ],
      ],
    ]
  `);
});

test("verify finds a difference, and refuses to compare different signatures", async () => {
  const full = chain((_, t) => t);
  const other = { ...full, graph: edited(full.graph, "b.bias", (t) => all(t, 0.1)) };
  expect(await verify(full, full, { engine })).toMatchObject({ agree: true, maxAbs: 0, runs: 8 });
  const differ = await verify(full, other, { engine });
  expect(differ.agree).toBe(false);
  expect(differ.reason).toMatch(/output "y" differs by/);
  const infinite = { ...full, graph: edited(full.graph, "c.bias", (t) => all(t, Number.NaN)) };
  expect((await verify(full, infinite, { engine })).reason).toBe('output "y" is NaN');
  expect((await verify(infinite, full, { engine })).reason).toBe('output "y" is NaN in the first model already');
  const wider = residual((_, t) => t);
  expect((await verify(full, wider, { engine })).reason).toBe('input "x" is float32[?,3,5,5], not float32[?,6]');
  await expect(verify(full, full, { engine, inputs: [{}] })).rejects.toThrow('input "x" was not given');
});

test("a certificate is proved from the full model; a false claim is found", async () => {
  const full = chain((name, t) => (name === "c" ? fill(t, 1, [0, 3]) : t));
  const { model: small, certificate } = await certify(full);
  expect(await prove(full, certificate, { small, engine })).toMatchObject({
    holds: true,
    sameModel: true,
    claims: 3,
    proved: 3,
  });
  const forged = {
    ...certificate,
    removed: [{ ...certificate.removed[0], index: "1-2" }, ...certificate.removed.slice(1)],
  };
  expect((await prove(full, forged)).problems).toMatchInlineSnapshot(`
    [
      "not proved: step 1: b axis 0 index 1-2 (unread): an output depends on it through Gemm “Gemm_1”",
    ]
  `);
  await expect(prove(full, {} as never)).rejects.toThrow("this is not a certificate");
  const other = { ...full, graph: edited(full.graph, "a.bias", (t) => all(t)) };
  expect(await prove(other, certificate)).toMatchObject({ holds: false, sameModel: false, proved: 3 });
});

test("shrinking does not change the model given, and shrinking twice changes nothing", () => {
  const full = chain((name, t) => (name === "c" ? fill(t, 1, [0, 3]) : t));
  const before = write(full);
  const once = reduce(full).model;
  expect(write(full)).toEqual(before);
  expect(reduce(once).removals).toEqual([]);
  expect(shapes(once)).toEqual({ a: "8×6", "a.bias": "8", b: "3×8", "b.bias": "3", c: "3×3", "c.bias": "3" });
});
