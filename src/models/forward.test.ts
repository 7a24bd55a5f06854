/** Names, shapes and outputs of the built-in models against PyTorch (test/fixtures/models/make.py). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { size, tensor, typeText } from "../graph/tensor.ts";
import type { Shape, Tensor, Value } from "../graph/types.ts";
import { write } from "../onnx/write.ts";
import { builtIns } from "./index.ts";

interface Expected {
  readonly tensors: readonly string[];
  readonly logits: readonly number[];
}
const path = new URL("../../test/fixtures/models/forward.json", import.meta.url);
const expected: Record<string, Expected> = JSON.parse(readFileSync(path, "utf8"));

/** center + width · make.py's `noise`, which hashes (tensor, element) to [−1, 1). */
function noise(index: number, shape: Shape, center = 0, width = 1): Tensor {
  const x = new Float32Array(size(shape));
  const offset = Math.imul(index + 1, 0x85ebca77);
  for (let i = 0; i < x.length; i++) {
    let h = (Math.imul(i, 0x9e3779b1) + offset) | 0;
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    x[i] = center + width * (((h ^ (h >>> 13)) >>> 0) / 2 ** 31 - 1);
  }
  return tensor("float32", shape, x);
}

/** make.py's `weights`. */
function weights({ name, shape }: Value, index: number): Tensor {
  if (name.endsWith("running_mean")) return noise(index, shape, 0, 0.2);
  if (name.endsWith("running_var")) return noise(index, shape, 1, 0.5);
  if (name.endsWith("bias")) return noise(index, shape, 0, 0.1);
  if (shape.length === 1) return noise(index, shape, 1, 0.3);
  return noise(index, shape, 0, Math.sqrt(6 / size(shape.slice(1))));
}

const engine = node({ threads: 2 });

test.each([...builtIns])("%s computes what PyTorch computes", async (name, build) => {
  const m = build();
  const stored = [...m.graph.initializers.keys()];
  expect(stored.map((v) => `${v.name} ${typeText(v).slice("float32".length)}`)).toEqual(expected[name].tensors);

  const initializers = new Map(stored.map((v, i) => [v, weights(v, i)]));
  const session = await engine.load(write({ ...m, graph: { ...m.graph, initializers } }));
  const { logits } = await runOnce(session, engine, { input: noise(-1, [2, ...build.spec.input]) });
  await session.release();
  const got = Array.from(logits.data as Float32Array);
  const scale = Math.max(...expected[name].logits.map(Math.abs));
  const error = Math.max(...got.map((x, i) => Math.abs(x - expected[name].logits[i])));
  expect(error / scale).toBeLessThan(1e-5);
});
