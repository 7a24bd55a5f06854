import { expect, test } from "vitest";
import { loadGraph } from "../../test/fixtures/autodiff/run.ts";
import { builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { f32 } from "../graph/tensor.ts";
import { withEqualRanks } from "./ranks.ts";

test("what is stretched over a last axis of 1 has all axes, and the values are the same", async () => {
  const g = builder("step");
  const w = g.input("w", "float32", [64, 32, 1, 1]);
  const lr = g.input("lr", "float32", []);
  const small = g.input("small", "float32", [8, 1]);
  g.output(g.Sub(w, g.Mul(w, lr)), "by a number");
  g.output(g.Max([g.Add(w, lr), 0.5]), "by constants");
  g.output(g.Where(g.Greater(w, 0), w, g.Div(1, lr)), "chosen");
  g.output(
    g.Mul(
      w,
      g.constant(
        f32(
          Array.from({ length: 32 }, (_, i) => i),
          [32, 1, 1],
        ),
      ),
    ),
    "by channel",
  );
  g.output(g.Mul(small, lr), "little");
  g.output(g.Mul(g.Reshape(w, { shape: [64, 32] }), lr), "last axis");
  const graph = g.build();
  const made = withEqualRanks(graph);
  expect(check(made)).toEqual([]);
  expect([made.inputs, made.outputs]).toEqual([graph.inputs, graph.outputs]);
  const ranks = made.nodes
    .filter((n) => ["Sub", "Mul", "Max", "Add", "Where", "Greater"].includes(n.op))
    .map((n) => `${n.op} ${n.inputs.map((x) => x!.shape.length)}`);
  expect(ranks).toMatchInlineSnapshot(`
    [
      "Mul 4,4",
      "Sub 4,4",
      "Add 4,4",
      "Max 4,4",
      "Greater 4,4",
      "Where 4,4,4",
      "Mul 4,4",
      "Mul 2,0",
      "Mul 2,0",
    ]
  `);
  expect(made.nodes.filter((n) => n.op === "Reshape" && n.inputs[0] === lr)).toHaveLength(1); // once for all readers
  const [got, wanted] = [await loadGraph(made), await loadGraph(graph)];
  const given = {
    w: f32(
      Array.from({ length: 2048 }, (_, i) => Math.sin(i)),
      [64, 32, 1, 1],
    ),
    lr: f32([0.25], []),
    small: f32(
      Array.from({ length: 8 }, (_, i) => i),
      [8, 1],
    ),
  };
  expect(await got.run(given)).toEqual(await wanted.run(given));
  await got.release();
  await wanted.release();
});
