/** What PyTorch's two exporters write with the calls that the README gives: batch normalization and names are there to train on. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sizesOf } from "../graph/bind.ts";
import { read } from "./read.ts";

test.each(["dynamo", "torchscript"])("%s keeps batch normalization, names and the batch", (exporter) => {
  const model = read(readFileSync(new URL(`../../test/fixtures/exported/${exporter}.onnx`, import.meta.url)));
  const { graph } = model;
  expect(graph.nodes.filter(({ op }) => op === "BatchNormalization")).toHaveLength(1);
  expect([...graph.initializers.keys()].map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "conv1.weight",
      "bn1.weight",
      "bn1.bias",
      "bn1.running_mean",
      "bn1.running_var",
      "fc.weight",
      "fc.bias",
    ]),
  );
  expect([graph.inputs.map(({ name }) => name), graph.outputs.map(({ name }) => name)]).toEqual([
    ["image"],
    ["logits"],
  ]);
  expect([...sizesOf(model).keys()]).toEqual(["batch"]);
});
