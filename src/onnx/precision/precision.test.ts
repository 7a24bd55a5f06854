/** Files of other floats than float32: read in float32 they can be trained, and they are written in what they were. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { attrsOf } from "../../../test/support/onnx-files.ts";
import { brokenPromise } from "../../../test/support/reading-property.ts";
import { runOnce } from "../../engine/engine.ts";
import { node } from "../../engine/node.ts";
import { fromFloat16, toFloat16 } from "../../graph/half.ts";
import { untrained } from "../../graph/precision.ts";
import { roles } from "../../graph/roles.ts";
import type { Model } from "../../graph/types.ts";
import { shrink } from "../../shrink/shrink.ts";
import { readingNotes } from "../notes.ts";
import { read } from "../read.ts";
import { decode } from "../wire.ts";
import { write } from "../write.ts";

const engine = node({ threads: 1 });
afterAll(() => engine.release());
const folder = fileURLToPath(new URL("../../../test/fixtures/precision/", import.meta.url));
const file = (name: string) => new Uint8Array(readFileSync(`${folder}${name}.onnx`));
const expected = JSON.parse(readFileSync(`${folder}expected.json`, "utf8"));
const wide = (name: string) => read(file(name), { precision: "float32" });
const dtypes = ({ graph }: Model) =>
  [...new Set([...graph.inputs, ...graph.outputs, ...graph.initializers.keys()].map((v) => v.dtype))].sort();

/** How far floats of a type may be from what is computed in float64. */
const TOLERANCE = { half: 1e-2, brain: 6e-2, double: 1e-5 } as const;

describe.each(["half", "brain", "double"] as const)("%s", (name) => {
  test("is trained in float32", () => {
    const model = wide(name);
    expect(dtypes(model)).toEqual(["float32"]);
    expect(untrained(model.graph)).toEqual([]);
    const learned = [...roles(model.graph)].filter(([, r]) => r.learns).map(([v]) => v.name);
    expect(learned).toHaveLength(10);
    expect(brokenPromise(write(model))).toBeUndefined();
  });

  test("computes what PyTorch does, within its rounding", async () => {
    const session = await engine.load(write(wide(name)));
    const x = { dtype: "float32" as const, shape: [2, 2, 5, 5], data: Float32Array.from(expected[name].x) };
    const { y } = await runOnce(session, engine, { x });
    await session.release();
    const most = Math.max(...expected[name].y.map(Math.abs));
    for (const [i, v] of Array.from(y.data as Float32Array).entries())
      expect(Math.abs(v - expected[name].y[i])).toBeLessThan(most * (name === "double" ? 1e-5 : TOLERANCE[name] / 10));
  });

  test("is written as it was", () => {
    const [before, again] = [file(name), write(wide(name), { precision: "stored" })].map(
      (b) => decode("ModelProto", b).graph!,
    );
    const stored = (g: typeof before) => new Map(g.initializer!.map((t) => [t.name, t]));
    const tensors = stored(again);
    expect(tensors.size).toBeGreaterThanOrEqual(10);
    for (const [key, { data_type, raw_data }] of stored(before)) {
      expect(tensors.get(key)?.data_type, key).toBe(data_type);
      if (name !== "double") expect(tensors.get(key)?.raw_data, key).toEqual(raw_data);
    }
    const types = (g: typeof before) =>
      [...g.input!, ...g.output!].map((v) => [v.name, v.type?.tensor_type?.elem_type]);
    expect(types(again)).toEqual(types(before));
    const casts = (g: typeof before) =>
      g.node!.filter((n) => n.op_type === "Cast" && again.node!.some((m) => m.output![0] === n.output![0]));
    expect(casts(again).map((n) => n.attribute)).toEqual(casts(before).map((n) => n.attribute));
  });

  test("it is said", () => expect(String(readingNotes(wide(name))[0])).toMatch(/^the file holds b?float(16|64) \(/));
});

test("what is half in parts is half in those parts", async () => {
  const [before, model] = [read(file("mixed")), wide("mixed")];
  const again = read(write(model, { precision: "stored" }));
  const types = ({ graph }: Model) => [...graph.initializers.keys()].map((v) => [v.name, v.dtype]);
  expect(types(again)).toEqual(types(before));
  expect(attrsOf(again, "Cast")).toEqual(attrsOf(before, "Cast"));
  expect(String(readingNotes(model)[0])).toMatchInlineSnapshot(
    `"the file holds float16 (6 values); all of it is read in float32, and written so, but with precision stored: that rounds it to what the file had"`,
  );
});

const halves = { dtype: "float16" as const, shape: [2, 2, 5, 5], data: Uint16Array.from(expected.half.x, toFloat16) };
async function runHalf(bytes: Uint8Array): Promise<number[]> {
  const session = await engine.load(bytes);
  const { y } = await runOnce(session, engine, { x: halves });
  await session.release();
  expect(y.dtype).toBe("float16");
  return Array.from(y.data as Uint16Array, fromFloat16);
}

/** The model with units 1 and 4 of its first dense layer at zero. */
function withDeadUnits(model: Model): Model {
  const initializers = new Map(model.graph.initializers);
  for (const [v, t] of initializers) {
    const row = { "fc1.weight": 6, "fc1.bias": 1 }[v.name];
    if (row === undefined) continue;
    const data = (t.data as Float32Array).slice();
    for (const unit of [1, 4]) data.fill(0, unit * row, (unit + 1) * row);
    initializers.set(v, { ...t, data });
  }
  return { ...model, graph: { ...model.graph, initializers } };
}

test("what is shrunk is written in half again, and is the same within its rounding", async () => {
  const sparse = withDeadUnits(wide("half"));
  const { model: small } = await shrink(sparse, { engine });
  const bytes = write(small, { precision: "stored" });
  expect(bytes.length).toBeLessThan(write(sparse, { precision: "stored" }).length);
  expect(dtypes(read(bytes))).toEqual(["float16"]);
  const [full, cut] = [await runHalf(write(sparse, { precision: "stored" })), await runHalf(bytes)];
  for (const [i, y] of cut.entries()) expect(Math.abs(y - full[i])).toBeLessThan(1e-2);
  // the given file, written again, is the given file: bit by bit in ONNX Runtime
  expect(await runHalf(write(wide("half"), { precision: "stored" }))).toEqual(await runHalf(file("half")));
});

test("what a file was is remembered by the float32 files that are made of it", () => {
  const once = write(wide("half"));
  const again = read(once);
  expect(readingNotes(again).filter((note) => String(note).includes("float16"))).toEqual([]);
  expect([...again.metadata.keys()]).toEqual([...read(file("half")).metadata.keys()]);
  expect(write(again, { precision: "stored" })).toEqual(write(wide("half"), { precision: "stored" }));
  expect(write(again)).toEqual(once);
});

test("a number that half does not hold is refused, and the tensor named", () => {
  const model = wide("half");
  const [v, t] = [...model.graph.initializers].find(([x]) => x.name === "fc2.bias")!;
  const initializers = new Map([...model.graph.initializers, [v, { ...t, data: Float32Array.of(1, 7e4, 2) }]]);
  expect(() =>
    write({ ...model, graph: { ...model.graph, initializers } }, { precision: "stored" }),
  ).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: float16 does not hold a number of the model
      tensor  fc2.bias
      got     70000
      fix     write it in float32: write(model, { precision: "float32" })]
  `);
});
