import { expect, test } from "vitest";
import { loadGraph } from "../../test/fixtures/autodiff/run.ts";
import { builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { f32 } from "../graph/tensor.ts";
import { withOutputNames } from "./output-names.ts";

test("what is computed and leaves by another name is not copied; what is given or leaves twice is", async () => {
  const g = builder("step");
  const x = g.input("x", "float32", [2]);
  const v = g.Mul(x, 3);
  g.output(v, "next v"); // read inside as well
  g.output(g.Sub(x, v), "next w");
  g.output(g.Add(v, v), "twice");
  g.output(v, "v again");
  g.output(x, "x as it came");
  const unnamed = g.output(g.Neg(v));
  g.output(unnamed, "under both names");
  const graph = g.build();
  const made = withOutputNames(graph);
  expect(check(made)).toEqual([]);
  expect([made.inputs, made.outputs]).toEqual([graph.inputs, graph.outputs]);
  const copies = made.nodes.filter((n) => n.op === "Identity").map((n) => n.outputs[0]!.name);
  expect(copies).toEqual(["v again", "x as it came", "under both names"]);
  const [got, wanted] = [await loadGraph(made), await loadGraph(graph)];
  const given = { x: f32([1, -2]) };
  expect(await got.run(given)).toEqual(await wanted.run(given));
  await got.release();
  await wanted.release();
});
