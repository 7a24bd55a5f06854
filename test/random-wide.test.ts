/** What says operators in float64, of which ONNX Runtime has no such kernel: beside the kernels that it has, in float32. */
import { expect, test } from "vitest";
import { builder } from "../src/graph/builder.ts";
import { f32, numbers, size, tensor } from "../src/graph/tensor.ts";
import type { Attrs, Graph, Tensor } from "../src/graph/types.ts";
import { Random } from "../src/math/random.ts";
import { cases } from "./fixtures/autodiff/cases.ts";
import { load, loadGraph } from "./fixtures/autodiff/run.ts";

const at = (path: string) => new URL(path, import.meta.url).href;
const { doubles } = (await import(
  at("../dist/campaign/graphs/wide/doubles.js")
)) as typeof import("../campaign/graphs/wide/doubles.ts");
const { widened, withKernels } = (await import(
  at("../dist/campaign/graphs/wide/wide.js")
)) as typeof import("../campaign/graphs/wide/wide.ts");

const TOLERANCE = 1e-4;

/** The largest difference, relative to the largest element; undefined where there is nothing to compare. */
async function apart(op: string, c: (typeof cases)["Conv"][number]): Promise<number | undefined> {
  const random = new Random(3, "verify");
  const g = builder();
  const drawn: Record<string, Tensor> = {};
  const inputs = c.in.map((x, i) => {
    if (!x || !("draw" in x)) return x && g.constant(x.dtype === "float64" ? f32(numbers(x), x.shape) : x);
    drawn[`x${i}`] = f32(x.draw(random, size(x.shape)), x.shape);
    return g.input(`x${i}`, "float32", x.shape);
  });
  g.emit(op, inputs, c.attrs as Attrs)
    .filter(({ dtype }) => dtype === "float32")
    .forEach((y, i) => void g.output(y, `y${i}`));
  const single = await load(g);
  const wanted = await single.run(drawn);
  await single.release();
  let wide: Graph;
  try {
    wide = withKernels(widened(g.build()));
  } catch (e) {
    if ((e as Error).name === "Unsaid") return undefined;
    throw e;
  }
  const double = await loadGraph(wide);
  const feeds = Object.entries(drawn).map(([k, t]) => [k, tensor("float64", t.shape, Float64Array.from(numbers(t)))]);
  const got = await double.run(Object.fromEntries(feeds));
  await double.release();
  const errors = Object.entries(wanted).map(([name, y]) => {
    const largest = y.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-3);
    return y.reduce((m, v, i) => Math.max(m, Math.abs(v - got[name][i])), 0) / largest;
  });
  return Math.max(...errors);
}

test.each(Object.keys(doubles).filter((op) => op in cases))("%s", async (op) => {
  let compared = 0;
  for (const [i, c] of cases[op as keyof typeof cases].entries()) {
    const error = await apart(op, c);
    if (error === undefined) continue;
    compared++;
    expect(error, `case ${i}`).toBeLessThan(TOLERANCE);
  }
  expect(compared).toBeGreaterThan(0);
});
