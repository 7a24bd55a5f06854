import { expect, test } from "vitest";
import { builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { f32, i64 } from "../graph/tensor.ts";
import { withSharedConstants } from "./shared-constants.ts";

const count = (n: number, from = 0) => Array.from({ length: n }, (_, i) => i + from);

test("equal long constants become one; what differs in a number, a sign of zero, the shape or the type stays", () => {
  const g = builder();
  const x = g.input("x", "float32", [100]);
  const again = (at: number) => g.Gather(x, g.constant(i64(count(80, at))), { axis: 0 });
  const float = (shape: number[], first = 0) => g.constant(f32([first, ...count(79, 1)], shape));
  for (const [i, y] of [again(0), again(0), again(1), again(0)].entries()) g.output(y, `y${i}`);
  for (const [i, v] of [float([80]), float([80]), float([80], -0), float([8, 10])].entries())
    g.output(g.Neg(v), `z${i}`);
  const graph = g.build();
  const shared = withSharedConstants(graph);
  expect(check(shared)).toEqual([]);
  const read = (op: string) => shared.nodes.flatMap((n) => (n.op === op ? [n.inputs.at(-1)!.name] : []));
  const [gathered, negated] = [read("Gather"), read("Neg")];
  expect(gathered.map((name) => gathered.indexOf(name))).toEqual([0, 0, 2, 0]);
  expect(negated.map((name) => negated.indexOf(name))).toEqual([0, 0, 2, 3]);
  expect(graph.nodes.length - shared.nodes.length).toBe(3);
});
