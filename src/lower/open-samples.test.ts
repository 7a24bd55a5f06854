import { expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { encode, encodeOpen } from "../onnx/write.ts";
import { withOpenSamples } from "./open-samples.ts";

test("reshapes of what follows from the samples leave their first dimension open, those of weights do not; the values are the same", async () => {
  const g = builder();
  const x = g.input("x", "float32", [2, 6]);
  const w = g.input("w", "float32", [6]);
  const columns = g.Reshape(w, { shape: [2, 3] });
  g.output(g.Reshape(g.Mul(g.Reshape(x, { shape: [2, 2, 3] }), columns), { shape: [4, 3] }), "y");
  const graph = g.build();
  const made = withOpenSamples(graph, new Set([x]));
  expect(made.nodes.flatMap(({ op, attrs }) => (op === "Reshape" ? [attrs["shape"]] : []))).toEqual([
    [2, 3],
    [-1, 2, 3],
    [-1, 3],
  ]);
  const engine = node({ threads: 1 });
  const run = async (bytes: Uint8Array) => {
    const session = await engine.load(bytes);
    const of = (n: number, shape: number[]) =>
      engine.upload(
        f32(
          Float32Array.from({ length: n }, (_, i) => i),
          shape,
        ),
      );
    const { y } = await session.run({ x: of(12, [2, 6]), w: of(6, [6]) });
    await session.release();
    return engine.download(y);
  };
  expect(await run(encodeOpen(made, new Set([x])))).toEqual(await run(encode(graph)));
});
