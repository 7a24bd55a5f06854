/** What ONNX Runtime's profiler writes, read and summed up: the parts of bench/profile.ts that measure nothing. */
import { expect, test } from "vitest";
import { type KernelPlace, kernelPlaces } from "../bench/kernel-places.ts";
import { flopsOf, type Kernel, kernelsOf, type ProfileEvent } from "../bench/kernels.ts";
import { bestOf, kernelMs, kindsOf, shapeOf, sumsOf, withBestForms } from "../bench/walls.ts";
import { type WallRow, wallReading, wallTables } from "../experiments/wall-table.ts";
import { backward } from "../src/autodiff/backward.ts";
import { builder } from "../src/graph/builder.ts";

const run = (ts: number, dur: number): ProfileEvent => ({ cat: "Session", name: "model_run", ts, dur, args: {} });
const ran = (name: string, op: string, ts: number, dur: number): ProfileEvent => ({
  cat: "Node",
  name: `${name}_kernel_time`,
  ts,
  dur,
  args: {
    op_name: op,
    input_type_shape: [{ float: [8, 4] }, { int64: [2] }],
    output_type_shape: [{ float: [4, 8] }],
  },
});

test("a kernel's time is the median over the runs that count", () => {
  const events = [
    ...[run(0, 100), ran("a", "Relu", 10, 90)], // the first run warms up
    ...[run(200, 100), ran("a", "Relu", 210, 10)],
    ...[run(400, 100), ran("a", "Relu", 410, 30)],
    ...[run(600, 100), ran("a", "Relu", 610, 20)],
  ];
  expect(kernelsOf(events, 1)).toEqual([
    { name: "a", op: "Relu", inputs: [[8, 4], [2]], outputs: [[4, 8]], ms: 0.02, bytes: 2 * 128 + 16 },
  ]);
  expect(() => kernelsOf(events, 4)).toThrow("4 runs, of which 4 do not count");
});

test("a loop's time is not counted twice, and its body's turns are added up", () => {
  const events = [
    ...[run(0, 100), ran("loop", "Loop", 0, 100)],
    ...[ran("body", "Add", 10, 20), ran("body", "Add", 30, 40), ran("fused after", "Add", 100, 1)],
  ];
  expect(kernelsOf(events, 0).map(({ name, ms }) => [name, ms])).toEqual([
    ["loop", 0.04],
    ["body", 0.06],
    ["after", 0.001],
  ]);
});

/** @param inputs "2×3 3×4" for two matrices */
function kernel(name: string, op: string, inputs: string, output: string, ms: number): Kernel {
  const shapes = (text: string) => text.split(" ").map((shape) => shape.split("×").map(Number));
  const bytes = shapes(`${inputs} ${output}`).map((s) => 4 * s.reduce((a, b) => a * b, 1));
  return { name, op, inputs: shapes(inputs), outputs: shapes(output), ms, bytes: bytes.reduce((a, b) => a + b) };
}

test("operations are counted by shapes, whichever operand is turned round", () => {
  const flops = (op: string, inputs: string, output: string) => flopsOf(kernel("", op, inputs, output, 1));
  const expected = 2 * 5 * 7 * 3;
  expect(flops("MatMul", "5×7 7×3", "5×3")).toBe(expected);
  expect(flops("FusedMatMul", "7×5 7×3", "5×3")).toBe(expected);
  expect(flops("Gemm", "5×7 3×7 3", "5×3")).toBe(expected);
  expect(flops("FusedMatMul", "4×7×5 4×7×3", "4×5×3")).toBe(4 * expected);
  expect(flops("Conv", "2×3×8×8 6×3×3×3", "2×6×6×6")).toBe(2 * (2 * 6 * 36) * 27);
  expect(flops("ConvTranspose", "2×3", "2×3")).toBeUndefined(); // of constant weights the profile does not tell
  expect(flops("Relu", "2×3", "2×3")).toBeUndefined();
});

/** Two convolutions and a product, with their gradients and an update. */
function step() {
  const g = builder("step");
  const [x, w1, w2, w3] = [
    g.input("x", "float32", [2, 3, 8, 8]),
    g.input("w1", "float32", [4, 3, 3, 3]),
    g.input("w2", "float32", [4, 4, 3, 3]),
    g.input("w3", "float32", [64, 5]),
  ];
  const loss = g.scope("forward", () => {
    const y = g.Relu(g.Conv(g.Conv(x, w1, null), w2, null));
    return g.ReduceSum(g.MatMul(g.Reshape(y, { shape: [2, 64] }), w3), { keepdims: 0 });
  });
  const gradients = g.scope("backward", () => backward(g, loss, [w1, w2, w3]));
  g.scope("propose", () => {
    for (const [w, dw] of gradients) g.output(g.Sub(w, dw), `next/${w.name}`);
  });
  return g.build();
}

test("a kernel's role is that of the value it serves, also when the runtime renamed it", () => {
  const graph = step();
  const place = kernelPlaces(graph);
  const role = (name: string, op: string, inputs = "2×3 3×3", output = "2×3") =>
    place(kernel(name, op, inputs, output, 1)).role;
  expect(role("forward/Conv", "Conv", "2×3×8×8 4×3×3×3", "2×4×6×6")).toBe("forward product");
  expect(role("forward/Conv_1/Transpose/Reshape", "Transpose")).toBe("layout");
  expect(role("forward/Relu", "Relu")).toBe("elementwise");
  expect(role("forward/MatMul", "MatMul")).toBe("forward product");
  expect(role("propose/Sub", "Sub")).toBe("update");
  expect(role("Transpose_token_7", "Transpose")).toBe("layout");
  const products = graph.nodes
    .filter(({ name, op }) => name.startsWith("backward/") && op === "MatMul")
    .map(({ name }) => role(`${name}/MatmulTransposeFusion/`, "FusedMatMul"));
  expect(products.sort()).toEqual(["input gradient", "weight gradient"]);
  const of = [...new Set(graph.nodes.flatMap(({ name }) => place(kernel(name, "MatMul", "2×3", "2×3", 1)).unit.of))];
  expect(of).toEqual(expect.arrayContaining(["ConvInputGradient", "ConvWeightGradient", "ReluGradient"]));
});

test("a convolution that lays out windows by channels is no product, unless it is one by channels itself", () => {
  const graph = step();
  const gradient = [...graph.meanings!].find(([, { of }]) => of === "ConvWeightGradient")![0].name;
  const { role, unit } = kernelPlaces(graph)(kernel(`${gradient}/Conv`, "Conv", "2×3×8×8 27×1×3×3", "2×27×6×6", 1));
  expect(role).toBe("layout");
  expect(unit.role).toBe("weight gradient");
});

test("a convolution is one product of as many operations", () => {
  const graph = step();
  const { unit } = kernelPlaces(graph)(kernel("forward/Conv", "Conv", "2×3×8×8 4×3×3×3", "2×4×6×6", 1));
  expect(unit.product).toEqual({ pairs: 1, m: 2 * 36, k: 27, n: 4 });
  expect(unit.macs).toBe(2 * 36 * 27 * 4);
});

const peak = { gflops: 100, gbs: 10 };
const product: KernelPlace["unit"] = {
  ...{ key: "p", role: "forward product", of: "MatMul", shapes: [[100, 100]], macs: 1e6, bytes: 1e5 },
  ...{ value: "y", product: { pairs: 1, m: 100, k: 100, n: 100 } },
};
const other: KernelPlace["unit"] = {
  ...product,
  key: "e",
  role: "elementwise",
  of: "Add",
  macs: 0,
  product: undefined,
};

test("the best form is a plain product, the peak, or what there is when that is faster", () => {
  const twice = { unit: product, times: 2, ms: 0.1 };
  expect(bestOf(twice, peak, 0.03)).toEqual({ ms: 0.06, by: "product" });
  expect(bestOf(twice, peak, 0.07)).toEqual({ ms: 0.1, by: "present" });
  expect(bestOf(twice, peak)).toEqual({ ms: 0.04, by: "peak" });
  expect(bestOf({ unit: other, times: 1, ms: 0.1 }, peak)).toEqual({ ms: 0.01, by: "peak" });
  const best = (u: { ms: number }) => ({ ms: u.ms / 2, by: "peak" as const });
  expect(withBestForms(1, [twice, { unit: other, times: 1, ms: 0.4 }], best)).toEqual({ products: 0.95, all: 0.75 });
});

test("kinds and values are sums of kernels, and say what they reach", () => {
  const kernels = [
    kernel("forward/MatMul", "MatMul", "100×100 100×100", "100×100", 0.04),
    kernel("forward/Add", "Add", "100×100 100×100", "100×100", 0.05),
    kernel("forward/Mul", "Mul", "1", "1", 0.0001),
  ];
  const places: KernelPlace[] = [product, other, { ...other, key: "m", of: "Mul" }].map((unit) => ({
    role: unit.role,
    unit,
  }));
  const place = (k: Kernel) => places[kernels.indexOf(k)];
  expect(kernelMs(kernels)).toBeCloseTo(0.0901);
  const [add, mul] = kindsOf(kernels, place, peak);
  expect(add).toMatchObject({ role: "elementwise", op: "Add", nodes: 1, ms: 0.05 });
  expect(add.ofPeak).toBeCloseTo(120_000 / 0.05 / 1e6 / 10);
  expect(mul).toMatchObject({ role: "forward product", op: "MatMul", gflops: 50, ofPeak: 0.5 });
  expect(kindsOf(kernels, place, peak)[2].op).toBe("further operators");
  const [, matmul] = sumsOf(kernels, place);
  expect(shapeOf(matmul, { ms: 0.02, by: "product" }, kernelMs(kernels), peak)).toMatchObject({
    ...{ of: "MatMul", times: 1, ms: 0.04, gflops: 50, ofPeak: 0.5, best: 0.02, product: [100, 100, 100] },
  });
});

const row: WallRow = {
  ...{ model: "lenet5", method: "sgd", batch: 128, threads: 2, step: [11, 10, 9], kernels: 9.5, nodes: 70 },
  kinds: [
    { role: "weight gradient", op: "FusedMatMul", nodes: 3, ms: 4.75, share: 0.5, gflops: 120, ofPeak: 0.4 },
    { role: "layout", op: "Gather", nodes: 8, ms: 2.85, share: 0.3, ofPeak: 0.9 },
    { role: "other", op: "Range", nodes: 1, ms: 1.9, share: 0.2, ofPeak: 0.1 },
  ],
  shapes: [
    {
      ...{
        role: "weight gradient",
        of: "ConvWeightGradient",
        by: "tall",
        shapes: [
          [128, 20],
          [128, 50],
        ],
        times: 2,
      },
      ...{ ms: 5, share: 0.53, gflops: 100, ofPeak: 0.33, product: [50, 8192, 500], best: 4, bestBy: "product" },
    },
  ],
  estimate: { products: 8, all: 5 },
  othersCores: 0,
};

test("the tables and their reading say what the rows do", () => {
  expect(wallTables({ rows: [row] })).toMatchInlineSnapshot(`
    "| model  |    step | kernels | forward product | input gradient | weight gradient | layout | elementwise | normalization | reduction | pooling | update | other | with plain products | with all at their best |
    | ------ | ------: | ------: | --------------: | -------------: | --------------: | -----: | ----------: | ------------: | --------: | ------: | -----: | ----: | ------------------: | ---------------------: |
    | lenet5 | 10.0 ms | 9.50 ms |               – |              – |     50 % (40 %) |   30 % |           – |             – |         – |       – |      – |  20 % |          0.80 of it |             0.50 of it |

    | model  | costliest kinds of kernels   | nodes |    time | share | GFLOP/s | of the peak |
    | ------ | ---------------------------- | ----: | ------: | ----: | ------: | ----------: |
    | lenet5 | weight gradient, FusedMatMul |     3 | 4.75 ms |  50 % |     120 |        40 % |
    |        | layout, Gather               |     8 | 2.85 ms |  30 % |       – |        90 % |
    |        | other, Range                 |     1 | 1.90 ms |  20 % |       – |        10 % |

    | model  | costliest values         | operands          | times |    time | share | GFLOP/s | of the peak | best known | as                  |
    | ------ | ------------------------ | ----------------- | ----: | ------: | ----: | ------: | ----------: | ---------: | ------------------- |
    | lenet5 | ConvWeightGradient, tall | 128×20 and 128×50 |     2 | 5.00 ms |  53 % |     100 |        33 % |    4.00 ms | product 50×8192×500 |"
  `);
  expect(wallReading({ rows: [row] })).toMatchInlineSnapshot(
    `"The kernels' times add up to 95 % of the step that was timed without the profiler. The wall: lenet5: weight gradient, 50 %, most of it FusedMatMul at 40 % of the peak. Were every product as fast as one plain matrix product of its size in ONNX Runtime, a step would take, by estimate, this share of its time: 0.80 on lenet5. With everything else at the peak as well, a step would take, by estimate, this share of its time: 0.50 on lenet5."`,
  );
});
