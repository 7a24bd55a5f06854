/**
 * Every formulation of the table against the plain one, by value, over a grid of shapes. A formulation that no case
 * reaches fails the last test; a new one is tested by its line in the table. Elements are quarters, so that sums are exact,
 * windows tie, and signs and zeros occur.
 */
import { expect, test } from "vitest";
import { loadGraph } from "../../../test/fixtures/autodiff/run.ts";
import { backward } from "../../autodiff/backward.ts";
import { builder } from "../../graph/builder.ts";
import { f32, i64, size } from "../../graph/tensor.ts";
import type { Attrs, Graph, Shape, Tensor } from "../../graph/types.ts";
import { prune } from "../../graph/walk.ts";
import { Random } from "../../math/random.ts";
import { type FormulationPlan, lower } from "../lower.ts";
import { keyOf, PLAIN } from "../pattern.ts";
import { formulationsOf, sitesOf } from "../sites.ts";
import { portable, targetOf } from "../target.ts";
import { patterns } from "./index.ts";

/** An operator that lower/ may compute otherwise, or its gradients. */
interface Case {
  readonly op: string;
  /** Inputs to differentiate, by shape; a tensor is a constant. */
  readonly in: readonly (Shape | Tensor)[];
  readonly attrs?: Attrs;
}
const of =
  (op: string) =>
  (x: Shape, attrs?: Attrs, ...further: readonly (Shape | Tensor)[]): Case => ({ op, in: [x, ...further], attrs });
const conv = (x: Shape, w: Shape, attrs?: Attrs, op = "Conv") => of(op)(x, attrs, w);
const transposed = (x: Shape, w: Shape, attrs?: Attrs) => conv(x, w, attrs, "ConvTranspose");

/** Kernels, strides, pads, dilations and groups in every combination that fits, on small odd images. */
function* grid(): Generator<Case> {
  const kernels: Shape[] = ["11", "33", "23"].map((text) => [...text].map(Number));
  const paddings: Shape[] = ["0000", "1111", "1021"].map((text) => [...text].map(Number));
  let i = 0;
  for (const kernel_shape of kernels)
    for (const pads of paddings)
      for (const stride of [1, 2])
        for (const dilation of [1, 2])
          for (const group of [1, 2]) {
            const [n, height, width] = [1 + 2 * (i % 2), 4 + (i % 3), 5];
            i++;
            const attrs = { kernel_shape, pads, group, strides: [stride, stride], dilations: [dilation, 1] };
            if (height + pads[0] + pads[2] > dilation * (kernel_shape[0] - 1))
              yield conv([n, 4, height, width], [6, 4 / group, ...kernel_shape], attrs);
          }
}

const pools = (op: string): Case[] => [
  of(op)([2, 3, 4, 6], { kernel_shape: [2, 3], strides: [2, 3] }),
  of(op)([1, 2, 5, 5], { kernel_shape: [1, 5], strides: [1, 5] }),
  of(op)([2, 3, 6], { kernel_shape: [2], strides: [2] }),
  of(op)([3, 1, 7, 7], { kernel_shape: [7, 7], strides: [7, 7] }),
  of(op)([1, 2, 6, 6], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 1, 1] }), // no tiles
  of(op)([1, 2, 8, 96], { kernel_shape: [8, 8], strides: [8, 8] }), // tiles 768 elements long
];

const families: Readonly<Record<string, readonly Case[]>> = {
  "convolution, a grid": [...grid()],
  "convolution, corners": [
    conv([2, 5, 9], [3, 5, 4], { strides: [2], pads: [3, 1], dilations: [2] }),
    conv([1, 2, 4, 3, 5], [3, 2, 2, 3, 2], { pads: [1, 1, 0, 0, 1, 1], strides: [1, 1, 2] }),
    conv([2, 9, 17, 18], [2, 9, 3, 2], { pads: [1, 0, 2, 1], dilations: [1, 2] }),
    conv([2, 9, 17, 16], [3, 9, 1, 1]),
    conv([2, 4, 7, 7], [4, 1, 3, 3], { group: 4 }),
    conv([2, 3, 2, 2], [4, 3, 2, 2]), // one position
    of("Conv")([2, 32, 5, 4], { pads: [1, 1, 1, 1] }, [16, 32, 3, 3], [16]),
    conv([1, 16, 7, 7], [32, 16, 3, 2], { pads: [1, 0, 2, 1], dilations: [2, 1] }),
    transposed([2, 3, 4, 5], [3, 2, 3, 3]),
    transposed([1, 4, 4, 3], [4, 3, 3, 2], { group: 2, strides: [2, 3], pads: [1, 0, 0, 1], output_padding: [1, 0] }),
    transposed([1, 9, 5], [9, 3, 3], { strides: [3], dilations: [2], output_padding: [2] }),
  ],
  pooling: [...pools("MaxPool"), ...pools("AveragePool")],
  movement: [
    of("Gather")([4, 3], { axis: 0 }, i64([2, 0, -1])),
    of("Gather")([3, 5], { axis: 1 }, i64([3, 1, 4, 0, 2])),
    of("Gather")([2, 5, 3], { axis: 1 }, i64([1, 1, 4, 0, 1, -2], [2, 3])),
    of("Gather")([2, 3], { axis: 0 }, i64([1], [])),
    of("Pad")([3, 4], { pads: [2, 1, 1, 3], mode: "reflect" }),
  ],
  elementwise: [of("Relu")([2, 3, 5])],
};

const draw = (shape: Shape, random: Random): Tensor => {
  const quarters = Array.from({ length: size(shape) }, () => (random.int(13) - 6) / 4);
  return f32(quarters, shape);
};

/** The operator and the gradients of Σ r·y for random r. */
function program(c: Case, random: Random): { graph: Graph; feeds: Record<string, Tensor> } {
  const g = builder();
  const feeds: Record<string, Tensor> = {};
  const inputs = c.in.map((x, i) => {
    if ("data" in x) return g.constant(x);
    feeds[`x${i}`] = draw(x, random);
    return g.input(`x${i}`, "float32", x);
  });
  const y = g.output(g.emit(c.op, inputs, c.attrs)[0], "y");
  const loss = g.ReduceSum(g.Mul(y, g.constant(draw(y.shape, random))), { keepdims: 0 });
  const wrt = inputs.filter((v) => feeds[v.name]);
  const gradients = backward(g, loss, wrt);
  for (const v of wrt) g.output(gradients.get(v)!, `d${v.name}`);
  return { graph: prune(g.build()), feeds };
}

async function run(graph: Graph, feeds: Record<string, Tensor>): Promise<number[][]> {
  const runnable = await loadGraph(graph);
  const out = await runnable.run(feeds);
  await runnable.release();
  return graph.outputs.map((v) => out[v.name]);
}

/** Largest difference of any output, relative to its largest element or 1. */
function distance(got: readonly number[][], wanted: readonly number[][]): number {
  const worst = wanted.map((w, k) => {
    expect(got[k].length).toBe(w.length);
    const scale = w.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
    return w.reduce((m, x, i) => Math.max(m, Math.abs(got[k][i] - x)), 0) / scale;
  });
  return Math.max(...worst);
}

const cpu = targetOf({ device: "cpu", threads: 1 });

/** The block with which this processor's NCHWc kernels compute rightly; undefined where it has none. */
async function probeBlock(): Promise<number | undefined> {
  const { graph, feeds } = program(conv([1, 32, 5, 5], [32, 32, 3, 3]), new Random(5, "verify"));
  const [site] = sitesOf(graph).filter((s) => s.of === "Conv");
  const plain = await run(lower(graph, portable), feeds);
  for (const block of [16, 8]) {
    const blocked = lower(graph, { ...cpu, block }, { [keyOf(site)]: "blocks" });
    const got = await run(blocked, feeds).catch(() => undefined); // a processor without these kernels refuses them
    if (got && distance(got, plain) < 1e-6) return block;
  }
  return undefined;
}

const block = await probeBlock();
const target = { ...cpu, block };
const reached = new Set<string>();

for (const [family, cases] of Object.entries(families))
  test(`every formulation agrees with the plain one: ${family}`, async () => {
    const random = new Random(3, "verify");
    for (const c of cases) {
      const { graph, feeds } = program(c, random);
      const options = sitesOf(graph).map((site) => ({ site, names: formulationsOf(site, target) }));
      const most = Math.max(...options.map((o) => o.names.length));
      const plain = await run(graph, feeds);
      for (let k = 1; k < most; k++) {
        const plan: FormulationPlan = Object.fromEntries(options.map((o) => [keyOf(o.site), o.names[k] ?? PLAIN]));
        expect(distance(await run(lower(graph, target, plan), feeds), plain), JSON.stringify(plan)).toBeLessThan(1e-6);
        for (const o of options) reached.add(`${o.site.of} by ${o.names[k] ?? PLAIN}`);
      }
    }
  });

test("every formulation was reached", () => {
  const all = Object.entries(patterns).flatMap(([name, of]) => Object.keys(of).map((f) => `${name} by ${f}`));
  const here = all.filter((name) => block !== undefined || !name.endsWith(" by blocks"));
  expect(here.filter((name) => !reached.has(name))).toEqual([]);
});
