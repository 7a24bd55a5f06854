/** Every fixture through read and write, and through the canonical form at two batch sizes: the same outputs. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import { atBatch } from "../graph/bind.ts";
import { check } from "../graph/check.ts";
import { size } from "../graph/tensor.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { read } from "./read.ts";
import { encode, write } from "./write.ts";

const folder = fileURLToPath(new URL("../../test/fixtures/onnx/", import.meta.url));
const bytesOf = (name: string) => new Uint8Array(readFileSync(folder + name));
const files = readdirSync(folder).filter((f) => f.endsWith(".onnx"));
const engine = node({ threads: 1 });

async function run(bytes: Uint8Array, feeds: Record<string, Tensor>) {
  const session = await engine.load(bytes);
  try {
    return await runOnce(session, engine, feeds);
  } finally {
    await session.release();
  }
}

function feedsFor(model: Model, batch: number): Record<string, Tensor> {
  const random = new Random(batch, "verify");
  return Object.fromEntries(
    atBatch(model, batch).inputs.map((v) => [
      v.name,
      { dtype: v.dtype, shape: v.shape, data: Float32Array.from({ length: size(v.shape) }, () => random.normal()) },
    ]),
  );
}

/** KEEP_ONNX=DIR leaves the written files there, for `make.py --check DIR` beside the fixtures. */
const keep = process.env.KEEP_ONNX;

/** ONNX Runtime itself keeps external data out of models that are given as bytes. */
const selfContained = files.filter((f) => f !== "external.onnx");

test.each(selfContained)("%s", async (file) => {
  const original = bytesOf(file);
  const model = read(original);
  expect(check(model.graph)).toEqual([]);
  const written = write(model);
  expect(write(read(written))).toEqual(written);
  if (keep) writeFileSync(`${keep}/${file}`, written);
  const dynamic = [...model.dims.values()].some((dims) => dims.some((d) => typeof d === "string"));
  for (const batch of dynamic && model.graph.inputs.length > 0 ? [1, 3] : [1]) {
    const feeds = feedsFor(model, batch);
    const wanted = await run(original, feeds);
    const canonical = file === "opaque.onnx" ? written : encode(atBatch(model, batch));
    if (keep) writeFileSync(`${keep}/batch-${batch}-${file}`, canonical);
    for (const bytes of [written, canonical]) {
      const got = await run(bytes, feeds);
      expect(Object.keys(got)).toEqual(Object.keys(wanted));
      for (const [name, t] of Object.entries(wanted)) {
        expect([name, got[name].dtype, got[name].shape]).toEqual([name, t.dtype, t.shape]);
        const [a, b] = [got[name].data, t.data].map((d) => Array.from(d as unknown as ArrayLike<number>, Number));
        const worst = Math.max(0, ...a.map((x, i) => (Object.is(x, b[i]) ? 0 : Math.abs(x - b[i]))));
        expect(worst, name).toBeLessThan(1e-6);
      }
    }
  }
});
