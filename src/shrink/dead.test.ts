import { expect, test } from "vitest";
import { all, chain, model, residual, shapes, w } from "../../test/support/shrinkable-models.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { print } from "../graph/print.ts";
import { f32, zeros } from "../graph/tensor.ts";
import { write } from "../onnx/write.ts";
import { shrink } from "./shrink.ts";

const engine = node({ threads: 1 });

test("a dead chain becomes its constant, for every batch and whatever the input", async () => {
  const full = chain((name, t) => (name === "b" ? all(t) : t));
  const { model: small, certificate } = await shrink(full, { engine });
  expect(print(small.graph)).toMatchInlineSnapshot(`
    "in   x: float32[2,6]
    y/constant/Constant: float32[1,3] = Constant(value=float32[1,3]{-0.05905003100633621, 0.7732197046279907, 0.33022332191467285})
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

const FUNCTIONS =
  "Abs Acos Asin Asinh Atan Atanh Celu Cos Cosh Elu Exp HardSigmoid HardSwish LeakyRelu Mish Neg Relu Selu".split(" ");
const MORE = "Sigmoid Sin Sinh Softplus Softsign Tanh".split(" ");
test.each([...FUNCTIONS, ...MORE])("a constant that a runtime rounds is proved through %s as well", async (op) => {
  const full = chain(
    (name, t) => (name === "b" ? all(t) : t),
    (g, y) => g.emit(op, [g.Tanh(y)])[0],
  );
  const { certificate } = await shrink(full, { engine });
  expect(certificate).toMatchObject({ replaced: [{ value: "y", by: "constant" }] });
});

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

test("a zero that is an output too is left out where it is added, and still computed", async () => {
  const full = model(
    [5],
    (g, x) => {
      const zero = g.Mul(x, g.initializer("dead", zeros("float32", [1, 1])));
      g.output(g.Abs(zero), "other");
      return g.Add(zero, g.MatMul(x, w(g, "live", [5, 5])));
    },
    (_, t) => t,
  );
  const { model: small, certificate } = await shrink(full, { engine });
  expect(small.graph.nodes.map((n) => n.op)).toEqual(["Mul", "Abs", "Identity", "MatMul", "Identity"]);
  expect(certificate).toMatchObject({ removed: [], replaced: [{ step: 1, value: "Mul", by: "nothing" }] });
});
