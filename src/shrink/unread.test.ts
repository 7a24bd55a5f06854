import { expect, test } from "vitest";
import { mlp } from "../models/mlp.ts";
import { leavingSome, structureOf } from "./unread.ts";

test("of what dies in two stages the channel that dies last stays, and those that left stay away", () => {
  const { graph } = mlp({ sizes: [4, 3, 2], seed: 1 });
  const structure = structureOf(graph);
  const hidden = structure.graph.nodes.find((n) => n.op === "Relu")!.outputs[0]!;
  const [a, b, c] = structure.channels.of(hidden, 1)!;
  const left = new Set([a, b]);
  expect(leavingSome(structure, new Set(), left)).toEqual(left);
  expect(leavingSome(structure, left, new Set([c]))).toEqual(left);
  expect([...leavingSome(structure, new Set(), new Set([a, b, c]))]).toHaveLength(2);
});
