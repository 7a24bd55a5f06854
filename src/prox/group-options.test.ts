import { expect, test } from "vitest";
import { builder } from "../graph/builder.ts";
import { full } from "../graph/tensor.ts";
import { setsOf } from "./group-options.ts";

test("a model whose channels are all normalized has groups on one side, and the other says so", () => {
  const g = builder();
  const h = g.MatMul(g.input("x", "float32", [2, 4]), g.initializer("made", full([4, 6], 0.5)));
  const y = g.LayerNormalization(h, g.initializer("scale", full([6], 1)), g.initializer("shift", full([6], 0)), {
    axis: -1,
    epsilon: 1e-5,
  });
  g.output(g.MatMul(y, g.initializer("read", full([6, 3], 0.5))), "y");
  const graph = g.build();
  expect(setsOf(graph, "coupled", "producer").length).toBe(1);
  expect(() => setsOf(graph, "coupled", "consumer")).toThrow(/set.*side.*to producer/s);
});
