/** PyTorch's attention divides by the root of a width that it measures; what is measured could never be cut. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { read } from "./read.ts";

const zoo = new URL("../../test/fixtures/zoo/", import.meta.url);

test.each(["eval", "training-dynamic"])("the scale of an attention is a constant, %s", (way) => {
  const { graph } = read(new Uint8Array(readFileSync(new URL(`gpt-sdpa/${way}.onnx`, zoo))));
  const left = new Set(graph.nodes.map(({ op }) => op));
  expect(left).toContain("Softmax");
  expect([...left].filter((op) => op === "Shape" || op === "Sqrt")).toEqual([]);
});
