import { expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { builder } from "../graph/builder.ts";
import { tensor } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { mlp } from "../models/mlp.ts";
import { read } from "../onnx/read.ts";
import { write } from "../onnx/write.ts";
import { prove } from "../proof/prove.ts";
import { shrink } from "./shrink.ts";

const engine = node({ threads: 1 });
const subnormal = Math.fround(1e-40);
const stored = (model: Model, name: string) =>
  [...model.graph.initializers].find(([v]) => v.name === name)![1].data as Float32Array;

/** A model of which every weight that reads the third channel is subnormal. */
function planted(): Model {
  const model = mlp({ sizes: [4, 6, 3], seed: 1 });
  const initializers = new Map(
    [...model.graph.initializers].map(([v, t]) => {
      if (v.name !== "fc2.weight") return [v, t];
      const data = (t.data as Float32Array).map((w, i) => (i % 6 === 2 ? (i % 4 ? -subnormal : subnormal) : w));
      return [v, tensor(t.dtype, t.shape, data)];
    }),
  );
  return { ...model, graph: { ...model.graph, initializers } };
}

test("a file has 0 for subnormal weights, and the smallest normal ones as they are", () => {
  const least = 2 ** -126;
  const model = planted();
  stored(model, "fc1.weight")[0] = -least;
  const again = read(write(model));
  expect([...stored(again, "fc2.weight")].filter((w) => w === 0)).toHaveLength(3);
  expect([...stored(again, "fc2.weight")].some((w) => Object.is(w, -0))).toBe(false);
  expect(stored(again, "fc1.weight")[0]).toBe(-least);
  expect(stored(model, "fc2.weight")[2]).toBe(-subnormal); // never in place
});

test("constants keep subnormal numbers: what a logarithm reads is no weight of a product", () => {
  const g = builder();
  const x = g.input("x", "float32", [1, 2]);
  const floor = g.initializer("floor", tensor("float32", [2], new Float32Array([subnormal, subnormal])));
  g.output(g.Log(g.Max([x, floor])), "y");
  const model = { ...planted(), graph: g.build() };
  const [kept] = read(write(model)).graph.initializers.values();
  expect([...(kept.data as Float32Array)]).toEqual([subnormal, subnormal]);
});

test("shrink takes them for zeros and counts them; the certificate is proved from the model and from its file", async () => {
  const model = planted();
  const { model: small, certificate } = await shrink(model, { engine });
  expect(certificate.flushed).toBe(3);
  expect(stored(small, "fc1.weight")).toHaveLength(5 * 4);
  for (const full of [model, read(write(model))])
    expect(await prove(full, certificate, { small, engine })).toMatchObject({ holds: true });
  const fewer = await prove(model, { ...certificate, flushed: 2 }, { small });
  expect(fewer.problems).toEqual(["3 weights of the full model are subnormal, the certificate says 2"]);
});

test("a model without them has the certificate that it had", async () => {
  const { certificate } = await shrink(read(write(planted())), { engine });
  expect(certificate).not.toHaveProperty("flushed");
});
