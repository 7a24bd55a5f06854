/** Models that share parameters: every third group zeroed, shrunk, written: plain ONNX Runtime computes what it did before. */
import { expect, test } from "vitest";
import { zeroed } from "../campaign/graphs/sparse-models.ts";
import { node } from "../src/engine/node.ts";
import { groupSets } from "../src/groups/groups.ts";
import { read } from "../src/onnx/read.ts";
import { write } from "../src/onnx/write.ts";
import { shrink } from "../src/shrink/shrink.ts";
import { apart, feedsOf, outputsOf, sharedModel, torch } from "./support/shared-models.ts";

const engine = node({ threads: 1 });
const files = Object.keys(torch.models).flatMap((name) => ["torchscript", "dynamo"].map((by) => [name, by]));

test.each(files)("%s by %s", async (name, by) => {
  const model = read(sharedModel(`${name}-${by}`));
  const feeds = feedsOf(model, name);
  for (const side of ["consumer", "producer"] as const) {
    const sets = groupSets(model.graph, "coupled", { side });
    expect(sets.length).toBeGreaterThan(0);
    const sparse = zeroed(model, sets, (_, group) => group % 3 === 0);
    const { model: small } = await shrink(sparse, { engine });
    const [full, cut] = [write(sparse), write(small)];
    expect(cut.length).toBeLessThan(full.length);
    expect(apart(await outputsOf(cut, feeds), await outputsOf(full, feeds))).toBeLessThan(1e-5);
  }
});

test("layers whose biases were stored once die on their own", async () => {
  const model = read(sharedModel("zero-biases-torchscript"));
  const sets = groupSets(model.graph, "coupled", { side: "producer" });
  expect(sets.map((s) => s.members.map((m) => m.param.name))).toEqual([
    ["a.weight", "a.bias"],
    ["b.weight", "b.bias"],
  ]);
});
