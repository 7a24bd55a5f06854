import { describe, expect, test } from "vitest";
import { sketch } from "../../test/support/small-models.ts";
import { fromArrays } from "../data/dataset.ts";
import { node } from "../engine/node.ts";
import type { Model } from "../graph/types.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { inspect } from "../shrink/inspect.ts";
import { shrink } from "../shrink/shrink.ts";
import { verify } from "../shrink/verify.ts";
import { bakeNormalization } from "./bake-normalization.ts";
import { evaluate } from "./evaluate.ts";
import { normalizationOf, recordNormalization } from "./normalization.ts";

const engine = node({ threads: 1 });
const how = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const model = (): Model =>
  sketch([3, 8, 8], ({ g, x, conv, fc }) => fc(g.Flatten(g.Relu(conv(x, "a", 4, 3, { pad: 1 }))), "head", 5));
const images = Uint8Array.from({ length: 30 * 192 }, (_, i) => (i * 37) % 256);
const data = fromArrays(
  images,
  Array.from({ length: 30 }, (_, i) => i % 5),
  { shape: [3, 8, 8], classes: 5 },
);

describe("normalization in the graph", () => {
  test("gives of pixels what the model gave of normalized ones, and the file says that nothing is left to do", async () => {
    const plain = model();
    const file = read(write(bakeNormalization(plain, how)));
    expect(normalizationOf(file, data)).toBeUndefined();
    const before = await evaluate(plain, data, { engine, normalization: how });
    expect(await evaluate(file, data, { engine })).toEqual(before);
    expect(await evaluate(plain, data, { engine, normalization: null })).not.toEqual(before);
    expect(file.graph.inputs[0]).toMatchObject({ name: "x", dtype: "float32" });
    expect(file.dims.get("x")).toEqual(["n", 3, 8, 8]);
    expect(inspect(file).layers.map((l) => l.weight)).toEqual(inspect(plain).layers.map((l) => l.weight)); // it is no parameter
  });

  test("is what the file records, where nothing is said", () => {
    const recorded = recordNormalization(model(), how);
    expect(write(bakeNormalization(recorded))).toEqual(write(bakeNormalization(recorded, how)));
    expect(() => bakeNormalization(model())).toThrow("nothing says how the model's images are normalized");
    expect(() => bakeNormalization(bakeNormalization(recorded))).toThrow("takes values as they are");
  });

  test("stays through shrinking, and both files agree", async () => {
    const dead = sketch(
      [3, 8, 8],
      ({ g, x, conv, fc }) => fc(g.Flatten(g.Relu(conv(x, "a", 4, 3, { pad: 1 }))), "head", 5),
      (name, t) =>
        name === "head"
          ? { ...t, data: Float32Array.from(t.data as Float32Array, (v, i) => (i % 256 < 64 ? 0 : v)) }
          : t,
    );
    const baked = bakeNormalization(dead, how);
    const { model: small } = await shrink(baked, { engine });
    expect(write(small).length).toBeLessThan(write(baked).length);
    expect((await verify(baked, small, { engine })).agree).toBe(true);
    expect((await evaluate(small, data, { engine })).loss).toBeCloseTo(
      (await evaluate(dead, data, { engine, normalization: how })).loss,
      5,
    );
  });

  test("of one number holds for flat inputs too", async () => {
    const flat = sketch([192], ({ x, fc }) => fc(x, "head", 5));
    const one = { mean: [0.3], std: [0.2] };
    const vectors = fromArrays(images, data.train.y.length ? Array.from({ length: 30 }, (_, i) => i % 5) : [], {
      shape: [192],
      classes: 5,
    });
    expect(await evaluate(bakeNormalization(flat, one), vectors, { engine })).toEqual(
      await evaluate(flat, vectors, { engine, normalization: one }),
    );
  });

  test("is refused where it does not fit", () => {
    expect(() => bakeNormalization(model(), { mean: [0.5, 0.5], std: [1, 1] })).toThrow(/2 channels[\s\S]*3, as/);
    expect(() => bakeNormalization(model(), { mean: [0, 0, 0], std: [1, 0, 1] })).toThrow(/positive std/);
    expect(() => bakeNormalization(model(), how, { input: "image" })).toThrow(/called image/);
    const tokens = sketch([4], ({ g, x, fc }) => fc(g.Cast(x, { to: "float32" }), "head", 2));
    const whole = {
      ...tokens,
      graph: { ...tokens.graph, inputs: [{ ...tokens.graph.inputs[0], dtype: "int64" as const }] },
    };
    expect(() => bakeNormalization(whole, { mean: [0], std: [1] })).toThrow(/no input of images/);
    expect(() => bakeNormalization(model(), null as never)).toThrow(/wants an object/);
  });
});
