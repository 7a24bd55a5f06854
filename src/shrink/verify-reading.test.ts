import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { bytesOf, modelFile } from "../../test/support/onnx-files.ts";
import { runOnce } from "../engine/engine.ts";
import { node } from "../engine/node.ts";
import type { Model } from "../graph/types.ts";
import { readingNotes } from "../onnx/notes.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { verifyReading } from "./verify-reading.ts";

const engine = node({ threads: 1 });
afterAll(() => engine.release());

const at = (name: string) => new URL(`../../test/fixtures/training-mode/${name}`, import.meta.url);
const fileOf = (opset: number) => new Uint8Array(readFileSync(at(`torch-training-${opset}.onnx`)));

test.each([11, 17])("a file in training mode is read for what it means in evaluation, opset %i", async (opset) => {
  const [bytes, { x, y }] = [fileOf(opset), JSON.parse(readFileSync(at("expected.json"), "utf8"))];
  const model = read(bytes);
  expect(readingNotes(model)).not.toEqual([]);
  expect(await verifyReading(bytes, model, { engine })).toMatchObject({ agree: true, runs: 8 });

  const session = await engine.load(write(model));
  const input = { dtype: "float32", shape: [2, 2, 5, 5], data: Float32Array.from(x) } as const;
  const { y: made } = await runOnce(session, engine, { x: input });
  await session.release();
  for (const [i, v] of Array.from(made.data as Float32Array).entries()) expect(v).toBeCloseTo(y[i], 5);
});

test("what was read wrongly is caught", async () => {
  const bytes = fileOf(17);
  const { graph, ...rest } = read(bytes);
  const initializers = new Map(graph.initializers);
  const [mean, held] = [...initializers].find(([v]) => v.name === "4.running_mean")!;
  initializers.set(mean, { ...held, data: new Float32Array(4) });
  const wrong: Model = { ...rest, graph: { ...graph, initializers } };
  expect(await verifyReading(bytes, wrong, { engine })).toMatchObject({
    agree: false,
    reason: expect.stringMatching(/^output "y" differs by/),
  });
});

test("external data, and an opset beyond the runtime's, are no obstacle", async () => {
  const external = () => bytesOf("external.bin");
  const apart = bytesOf("external.onnx");
  expect(await verifyReading(apart, read(apart, { external }), { engine, external })).toMatchObject({ agree: true });
  const newest = modelFile([["Relu", "x", "y"]], {}, 28);
  expect(await verifyReading(newest, read(newest), { engine })).toMatchObject({ agree: true, maxAbs: 0 });
});
