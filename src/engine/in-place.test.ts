import { createRequire } from "node:module";
import type { InferenceSession } from "onnxruntime-node";
import { expect, test } from "vitest";
import { type Builder, builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { encode } from "../onnx/write.ts";
import type { DeviceTensor } from "./engine.ts";
import { ending, InPlace, wordsOfEnding } from "./in-place.ts";
import { node } from "./node.ts";

const engine = node({ threads: 1 });
const ort = createRequire(import.meta.url)("onnxruntime-node") as typeof import("onnxruntime-node");

/** Enough that runs leave their copies out. */
const SIZE = 1 << 14;

const modelOf = (emit: (g: Builder) => void): Uint8Array => {
  const g = builder();
  emit(g);
  return encode(g.build());
};

/** y = 2x, and the sum of x. */
const doubling = () =>
  modelOf((g) => {
    const x = g.input("x", "float32", [SIZE]);
    g.output(g.Mul(x, 2), "y");
    g.output(g.ReduceSum(x, { axes: [0], keepdims: 0 }), "sum");
  });

const filled = (k: number) => f32(new Float32Array(SIZE).fill(k));
const values = async (t: DeviceTensor) => [...((await engine.download(t)).data as Float32Array)];

test("the binding brings no copy of what was written in place, and outputs without a target are new ones", async () => {
  const load = (bytes: Uint8Array): Promise<InferenceSession> =>
    ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const words = await wordsOfEnding(ort, load);
  expect(words).toBeDefined(); // else every run copies
  const session = await load(ending(doubling()));
  const inPlace = new InPlace(ort, words!);
  const [x, y] = [3, 0].map((k) => new ort.Tensor("float32", new Float32Array(SIZE).fill(k), [SIZE]));
  const fetches = { y, sum: null };
  expect(await inPlace.run(session, { x }, fetches)).toBeUndefined(); // nothing is known of the sum
  inPlace.learn(await session.run({ x }, { sum: null }));
  const outputs = await inPlace.run(session, { x }, fetches);
  expect(outputs!.y).toBe(y);
  expect([y.data[0], y.data[SIZE - 1], outputs!.sum.data[0]]).toEqual([6, 6, 3 * SIZE]);
  const again = await inPlace.run(session, { x }, fetches);
  expect(again!.sum).not.toBe(outputs!.sum);
  const small = new ort.Tensor("float32", new Float32Array(SIZE), [SIZE]);
  expect(await inPlace.run(session, { x }, { y: null, sum: null })).toBeUndefined(); // nothing is gained
  expect(await inPlace.run(session, { x: small }, { y })).toEqual({ y });
  expect(y.data[0]).toBe(0);
  inPlace.learn({ sum: small });
  expect(await inPlace.run(session, { x }, fetches)).toBeUndefined(); // it is of another size now: an ordinary run tells
  await session.release();
});

test("the first run too copies nothing where outputs are declared; one that is no scalar as declared is told by an ordinary run", async () => {
  const words = await wordsOfEnding(ort, (bytes) => ort.InferenceSession.create(bytes, { logSeverityLevel: 4 }));
  const session = await ort.InferenceSession.create(ending(doubling()), { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const x = new ort.Tensor("float32", new Float32Array(SIZE).fill(3), [SIZE]);
  const target = () => new ort.Tensor("float32", new Float32Array(SIZE), [SIZE]);
  const withOut = (declared: ConstructorParameters<typeof InPlace>[2]) =>
    new InPlace(ort, words!, declared).run(session, { x }, { y: target(), sum: null });
  const sum = { name: "sum", dtype: "float32" as const };
  const outputs = await withOut([{ ...sum, shape: undefined }]);
  expect([outputs!.y.data[SIZE - 1], outputs!.sum.data[0]]).toEqual([6, 3 * SIZE]);
  expect(await withOut([{ ...sum, shape: [2] }])).toBeUndefined();
  expect(await withOut([{ ...sum, shape: ["n"] }])).toBeUndefined();
  await session.release();
});

test("a session that keeps outputs has the model's own outputs, and each run's values", async () => {
  const session = await engine.load(doubling(), { resident: ["y"] });
  expect(session.outputNames).toEqual(["y", "sum"]);
  const sets = [0, 0].map(() => ({ y: engine.upload(filled(0)) }));
  const sums: DeviceTensor[] = [];
  for (const [i, k] of [1, 10, 100, 1000].entries()) {
    const out = await session.run({ x: engine.upload(filled(k)) }, sets[i % 2]);
    expect(out.y).toBe(sets[i % 2].y);
    expect(new Set(await values(out.y))).toEqual(new Set([2 * k]));
    sums.push(out.sum);
  }
  expect(await Promise.all(sums.map(values))).toEqual([[SIZE], [10 * SIZE], [100 * SIZE], [1000 * SIZE]]);
  expect(await values((await session.run({ x: engine.upload(filled(7)) })).sum)).toEqual([7 * SIZE]);
  await session.release();
});

test("what the runtime cannot do is said in its words", async () => {
  const bytes = modelOf((g) => {
    const x = g.input("x", "float32", [SIZE]);
    const at = g.input("at", "int64", [1]);
    g.output(g.Mul(x, g.Gather(x, at, { axis: 0 })), "y");
  });
  const session = await engine.load(bytes, { resident: ["y"] });
  const into = { y: engine.upload(filled(0)) };
  const run = (place: bigint) => {
    const at = engine.upload({ dtype: "int64", shape: [1], data: BigInt64Array.of(place) });
    return session.run({ x: engine.upload(filled(3)), at }, into);
  };
  expect(new Set(await values((await run(0n)).y))).toEqual(new Set([9]));
  await expect(run(BigInt(SIZE))).rejects.toThrow(
    /^ONNX Runtime cannot run the model[\s\S]*indices element out of data bounds/,
  );
  expect(new Set(await values((await run(1n)).y))).toEqual(new Set([9]));
  await session.release();
});
