import { expect, test } from "vitest";
import { all, chain, edited, fill, model, residual, shapes, w } from "../../test/support/shrinkable-models.ts";
import { node } from "../engine/node.ts";
import { f32, i64 } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { prove } from "../proof/prove.ts";
import { reduce } from "./apply.ts";
import { certify } from "./certificate.ts";
import { cost } from "./cost.ts";
import { inspect } from "./inspect.ts";
import { shrink } from "./shrink.ts";
import { verify } from "./verify.ts";

const engine = node({ threads: 1 });

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

test("removing a consumer's filter frees the channels before it", () => {
  const { model: small, removals } = reduce(
    chain((name, t) => (name === "c" ? fill(t, 1, [0, 1, 2, 3]) : name === "b" ? fill(t, 0, [4]) : t)),
  );
  // all of b's neurons go but the last, whose filter is zero: it is a constant, and the network with it
  expect(shapes(small)).toEqual({});
  expect(removals.every((r) => r.axis === null)).toBe(true);
});

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
  expect(write(read(write(smaller.model)))).toEqual(write(smaller.model)); // nor are the old ones left behind
  expect(shapes(smaller.model)).toMatchObject({ a: "10×97" });
});

test("what a Gather looks up is not taken for the places where it looks", async () => {
  const build: Parameters<typeof model>[1] = (g, x) => {
    const places = g.constant(i64([3, 2, 1, 0], [1, 4, 1]));
    const some = g.Gather(g.Gemm(x, w(g, "a", [4, 6]), null, { transB: 1 }), places, { axis: 1 });
    return g.Gemm(g.Flatten(some), w(g, "b", [3, 4]), null, { transB: 1 });
  };
  const full = model([6], build, (_, t) => t);
  const { model: small, verification } = await shrink(full, { engine });
  expect(verification.maxRel).toBeLessThan(1e-6);
  expect(shapes(small)).toEqual({ a: "4×6", b: "3×4" });
});

test("tokens that are all needed alike cost a proof what one of them does", async () => {
  const full = model(
    [600, 48],
    (g, x) => {
      const layer = (v: Value, i: number) =>
        g.MatMul(g.Relu(g.MatMul(v, w(g, `up${i}`, [48, 64]))), w(g, `down${i}`, [64, 48]));
      const y = [0, 1, 2, 3].reduce(layer, x);
      // one token alone is asked for, so that they are not alike at the end
      return g.Gather(g.Add(y, g.ReduceMean(y, { axes: [1] })), g.constant(i64([0], [])), { axis: 1 });
    },
    (name, t) => (name.startsWith("down") ? fill(t, 0, [1, 5]) : t),
  );
  const { certificate, proof } = await shrink(full, { engine, random: 1, batches: [1] });
  expect(proof).toMatchObject({ holds: true });
  expect(certificate.removed.length).toBe(8);
});

test("a bias that counts for nothing is no bias", async () => {
  const full = model(
    [6],
    (g, x) => {
      const a = g.Relu(g.Gemm(x, w(g, "a", [4, 6]), w(g, "a.bias", [4]), { transB: 1, beta: 0 }));
      return g.Gemm(a, w(g, "b", [3, 4]), w(g, "b.bias", [3]), { transB: 1, beta: 0 });
    },
    (name, t) => (name === "b" ? fill(t, 1, [2]) : t),
  );
  const { certificate, proof } = await shrink(full, { engine });
  expect(proof.holds).toBe(true);
  expect(certificate.removed.map((r) => r.tensor)).toEqual(expect.arrayContaining(["a", "b"]));
});

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
  expect((await verify(full, infinite, { engine })).reason).toBe(
    "the second model itself holds NaN: c.bias at [0], 3 of its 3 numbers",
  );
  expect((await verify(infinite, full, { engine })).reason).toMatch(/^the first model itself holds NaN: c.bias/);
  const overflowing = { ...full, graph: edited(full.graph, "c.bias", (t) => all(t, 3.4e38)) };
  const doubled = { ...overflowing, graph: edited(overflowing.graph, "c", (t) => all(t, 3e38)) };
  expect((await verify(full, doubled, { engine })).reason).toMatch(/output "y" is (NaN|-?Infinity)/);
  expect((await verify(doubled, full, { engine })).reason).toMatch(/in the first model already/);
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
      "not proved: step 1: b axis 0 index 1-2 (unread): an output depends on it through Gemm "Gemm_1"",
    ]
  `);
  await expect(prove(full, {} as never)).rejects.toThrow("this is not a certificate");
  const other = { ...full, graph: edited(full.graph, "a.bias", (t) => all(t)) };
  expect(await prove(other, certificate)).toMatchObject({ holds: false, sameModel: false, proved: 3 });
});

test("a bias that is also the mean behind it goes with the reason of its constant, not of the zero behind", async () => {
  const full = model(
    [3, 4, 4],
    (g, x) => {
      const shared = w(g, "shared", [3]);
      const y = g.Conv(x, w(g, "a", [3, 3, 1, 1]), shared);
      const ones = Array.from({ length: 3 }, () => 1);
      const z = g.BatchNormalization(
        y,
        w(g, "scale", [3]),
        w(g, "shift", [3]),
        shared,
        g.initializer("var", f32(ones)),
      );
      return g.Conv(z, w(g, "b", [2, 3, 1, 1]), null);
    },
    (name, t) => (name === "a" || name === "shift" ? fill(t, 0, [0]) : t),
  );
  const { model: small, certificate } = await shrink(full, { engine });
  expect(shapes(small).shared).toBe("2");
  expect(certificate.removed.find((r) => r.tensor === "shared")).toMatchObject({
    index: "0",
    reason: "folded constant",
  });
});

test("a channel before the matrices of a product goes when a slice behind drops it", async () => {
  const full = model(
    [2, 3, 1],
    (g, x) => {
      const y = g.Conv(g.Softmax(x, { axis: 2 }), w(g, "a", [3, 2, 3, 1]), w(g, "a.bias", [3]));
      return g.Slice(g.MatMul(y, w(g, "b", [1, 5])), { axes: [1], starts: [1], ends: [3] });
    },
    (_, t) => t,
  );
  const { model: small } = await shrink(full, { engine });
  expect(shapes(small)).toEqual({ a: "2×2×3×1", "a.bias": "2", b: "1×5" });
});

test("shrinking does not change the model given, and shrinking twice changes nothing", () => {
  const full = chain((name, t) => (name === "c" ? fill(t, 1, [0, 3]) : t));
  const before = write(full);
  const once = reduce(full).model;
  expect(write(full)).toEqual(before);
  expect(reduce(once).removals).toEqual([]);
  expect(shapes(once)).toEqual({ a: "8×6", "a.bias": "8", b: "3×8", "b.bias": "3", c: "3×3", "c.bias": "3" });
});
