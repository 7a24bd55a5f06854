import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { full, zeros } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { mlp } from "../models/mlp.ts";
import { resnet20 } from "../models/resnet.ts";
import { encode } from "../onnx/write.ts";
import { sgd } from "../optim/sgd.ts";
import { crossEntropy } from "../step/loss.ts";
import { trainingPrograms } from "../step/programs.ts";
import { lower } from "./lower.ts";
import { ordered, peakMemory, runOrder } from "./order.ts";
import { targetOf } from "./target.ts";

const target = targetOf({ device: "cpu", threads: 1 });
const stepOf = (model: Parameters<typeof trainingPrograms>[0], sample: readonly number[]): Graph => {
  const plan = { inputs: [{ dtype: "float32" as const, sample }], terms: [{ loss: crossEntropy() }], optimizer: sgd() };
  return lower(trainingPrograms(model, plan).step(8).graph, target);
};
const names = (nodes: readonly Node[]) => nodes.map((n) => n.outputs[0]!.name);

test("the order is the one in which ONNX Runtime computes", async () => {
  const step = stepOf(mlp({ sizes: [8, 6, 4] }), [8]);
  const folder = mkdtempSync(join(tmpdir(), "espalier-order-"));
  const ort = createRequire(import.meta.url)("onnxruntime-node") as typeof import("onnxruntime-node");
  try {
    for (const graph of [step, ordered(step)]) {
      const profile = { enableProfiling: true, profileFilePrefix: join(folder, `${graph === step}`) };
      const session = await ort.InferenceSession.create(encode(graph), {
        graphOptimizationLevel: "disabled",
        ...profile,
      });
      const fed = ({ name, dtype, shape }: Value) => [
        name,
        new ort.Tensor(dtype as "float32", zeros(dtype, shape).data as Float32Array, shape),
      ];
      await session.run(Object.fromEntries(graph.inputs.map(fed)));
      session.endProfiling();
      await session.release();
      const [file] = readdirSync(folder).filter((name) => name.startsWith(`${graph === step}`));
      const events = JSON.parse(readFileSync(join(folder, file), "utf8")) as { name: string }[];
      const run = events.flatMap(({ name }) => /^(.*)_kernel_time$/.exec(name)?.[1] ?? []);
      expect(run.length).toBeGreaterThan(20);
      expect(runOrder(graph).flatMap(({ name }) => (run.includes(name) ? [name] : []))).toEqual(run);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a step in its order is sound, has the same nodes and keeps less in memory", () => {
  const step = stepOf(resnet20({ seed: 1 }), [3, 32, 32]);
  const made = ordered(step);
  expect(check(made)).toEqual([]);
  expect(names(made.nodes).sort()).toEqual(names(step.nodes).sort());
  expect(peakMemory(made)).toBeLessThan(0.9 * peakMemory(step));
});

test("memory counts from where a value is made to where it is last read, inputs and outputs apart", () => {
  const g = builder();
  const x = g.input("x", "float32", [10, 100]);
  const w = g.constant(full([1], 2));
  const a = g.Relu(x);
  const b = g.Mul(g.Reshape(g.Neg(g.Abs(a)), { shape: [100, 10] }), w);
  g.output(g.Add(g.Reshape(b, { shape: [10, 100] }), a), "y");
  const graph = g.build();
  expect(peakMemory(graph)).toBe(3 * 4000 + 4);
});
