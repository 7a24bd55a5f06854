import { expect, test } from "vitest";
import { f32 } from "../graph/tensor.ts";
import { originsOf } from "./origins.ts";

test("the parameters that a tensor was made of, without the steps in between", () => {
  const made: Record<string, string> = {
    val_4: "['head.weight']",
    embedding_1: "['arange', 'm.wpe.weight', 'slice_1', 'val_0']",
    where: "['arange_1', 'le', 'm.lifted_tensor_0', 'val_7']",
    elsewhere: "['head.weight']",
  };
  const value_info = Object.entries(made).map(([name, value]) => ({
    name,
    metadata_props: [{ key: "pkg.onnxscript.optimizer.folded_from", value }],
  }));
  const initializers = new Map(["val_4", "embedding_1", "where", "plain"].map((name) => [name, f32([1])]));
  expect([...originsOf({ graph: { value_info }, initializers })]).toEqual([
    ["val_4", ["head.weight"]],
    ["embedding_1", ["m.wpe.weight"]],
  ]);
});
