import { expect, test } from "vitest";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { encode } from "../onnx/write.ts";
import { runOnce } from "./engine.ts";
import { latency } from "./latency.ts";
import { node } from "./node.ts";

const engine = node({ threads: 1 });
const double = () => {
  const g = builder();
  g.output(g.Mul(g.input("x", "float32", [3]), 2), "y");
  return encode(g.build());
};

test("runs a model; outputs land in the tensors that are given", async () => {
  const session = await engine.load(double());
  expect([...((await runOnce(session, engine, { x: f32([1, 2, 3]) })).y.data as Float32Array)]).toEqual([2, 4, 6]);
  const mine = f32([0, 0, 0]);
  const into = { y: engine.upload(mine) };
  for (const k of [1, 10]) {
    const out = await session.run({ x: engine.upload(f32([k, k, k])) }, into);
    expect(out.y).toBe(into.y);
    expect([...(mine.data as Float32Array)]).toEqual([2 * k, 2 * k, 2 * k]);
  }
  await session.release();
});

test("what is written in place leaves no copy behind", async () => {
  const g = builder();
  const size = 1 << 20;
  g.output(g.Mul(g.input("x", "float32", [size]), 2), "y");
  const session = await engine.load(encode(g.build()));
  const x = { x: engine.upload(f32(new Float32Array(size))) };
  const into = { y: engine.upload(f32(new Float32Array(size))) };
  await session.run(x, into);
  const held = () => process.memoryUsage().arrayBuffers;
  const before = held();
  let most = before;
  for (let i = 0; i < 20; i++) {
    await session.run(x, into);
    most = Math.max(most, held());
  }
  expect(most - before).toBeLessThan(2 * 4 * size); // twenty copies would be 80 MiB, were they left to the garbage collector
  await session.release();
});

test("latency gives one median per model", async () => {
  const model = { bytes: double(), feeds: { x: f32([1, 2, 3]) } };
  const times = await latency(engine, [model, model], { runs: 4, warmup: 1 });
  expect(times).toHaveLength(2);
  for (const t of times) expect(t).toBeGreaterThan(0);
});

test("bad settings and bad models are refused", async () => {
  expect(() => node({ threads: 100_000 })).toThrow("threads is out of range");
  expect(() => node({ threads: 1.5 })).toThrow("threads is out of range");
  expect(() => node({ device: "tpu" as "cpu" })).toThrow('unknown device "tpu"');
  await expect(engine.load(Uint8Array.of(1, 2, 3))).rejects.toThrow("ONNX Runtime refuses the model");
});

test("a model that asks for absurd memory is refused by name, without a line on standard error", async () => {
  const g = builder();
  const huge = g.Expand(g.input("x", "float32", [1]), { shape: [100_000, 10_000_000] });
  g.output(g.ReduceSum(huge, { axes: [0, 1], keepdims: 0 }), "y");
  const session = await engine.load(encode(g.build()));
  await expect(runOnce(session, engine, { x: f32([1]) })).rejects.toThrow(
    /^ONNX Runtime cannot run the model\n {2}device .*\n {2}reason .*\n {2}fix {5}the model asks for more memory/,
  );
  await session.release();
});
