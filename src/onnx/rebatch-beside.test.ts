/** A file for one sample, in which samples and heads share an axis: what stands beside each head stands beside it in every sample. */
import { expect, test } from "vitest";
import { fileOfAnother } from "../../test/support/onnx-files.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { atBatch } from "../graph/bind.ts";
import { builder } from "../graph/builder.ts";
import { f32, i64, tensor } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { read } from "./read.ts";
import { encode, write } from "./write.ts";

const random = new Random(3, "init");
const numbers = (...shape: number[]) =>
  f32(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );
const engine = node({ threads: 1 });

/** What it computes of three samples at once and of each alone. */
async function bothWays(model: Model): Promise<{ together: number[]; alone: number[] }> {
  const [input] = model.graph.inputs;
  const x = numbers(3, ...input.shape.slice(1));
  const run = async (bytes: Uint8Array, feed: ReturnType<typeof f32>) => {
    const session = await engine.load(bytes);
    const out = await runOnce(session, engine, { [input.name]: feed });
    await session.release();
    return [...(Object.values(out)[0].data as Float32Array)];
  };
  const together = await run(encode(atBatch(model, 3)), x);
  const each = x.data.length / 3;
  const alone: number[] = [];
  for (const at of [0, 1, 2])
    alone.push(
      ...(await run(
        write(model),
        tensor("float32", input.shape, x.data.slice(at * each, (at + 1) * each)) as ReturnType<typeof f32>,
      )),
    );
  return { together, alone };
}

const fixed = (g: ReturnType<typeof builder>): Model => {
  const graph = g.build();
  return read(
    fileOfAnother({ graph, opset: 17, dims: new Map(graph.inputs.map((v) => [v.name, v.shape])), metadata: new Map() }),
  );
};

test("a matrix, positions and a bias of each head are those of the heads of every sample", async () => {
  const g = builder();
  const heads = g.Reshape(
    g.Transpose(g.Reshape(g.input("x", "float32", [1, 24]), { shape: [1, 4, 2, 3] }), { perm: [0, 2, 1, 3] }),
    { shape: [2, 4, 3] },
  );
  const scores = g.MatMul(heads, g.initializer("positions", numbers(2, 3, 5)));
  const at = g.initializer("at", { ...i64(Array.from({ length: 24 }, (_, i) => (i * 7) % 5)), shape: [2, 4, 3] });
  const taken = g.GatherElements(scores, at, { axis: 2 });
  g.output(g.Reshape(g.Add(taken, g.initializer("bias", numbers(2, 4, 3))), { shape: [1, 24] }), "y");
  const { together, alone } = await bothWays(fixed(g));
  expect(together.length).toBe(72);
  for (const [i, v] of together.entries()) expect(v).toBeCloseTo(alone[i], 5);
});

test("numbers looked up one by one in a stored row are looked up in it for every sample", async () => {
  const g = builder();
  const x = g.input("x", "float32", [1, 6]);
  const at = g.Cast(g.Clip(g.Abs(x), { min: 0, max: 4 }), {
    to: "int64",
  });
  g.output(g.Mul(x, g.GatherElements(g.initializer("row", numbers(1, 5)), at, { axis: 1 })), "y");
  const { together, alone } = await bothWays(fixed(g));
  expect(together.length).toBe(18);
  for (const [i, v] of together.entries()) expect(v).toBeCloseTo(alone[i], 5);
});
