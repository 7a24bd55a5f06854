/** Tables of rotary embeddings do not learn, looked up or not. */
import { expect, test } from "vitest";
import { fed, fedTensor, oneNodeFile } from "../../../test/support/one-node-file.ts";
import { roles } from "../../graph/roles.ts";
import { i64, tensor } from "../../graph/tensor.ts";
import type { Tensor } from "../../graph/types.ts";
import { read } from "../read.ts";

/** Positions × half the width of a head. */
const table = (f: (angle: number) => number): Tensor =>
  tensor(
    "float32",
    [8, 4],
    Float32Array.from({ length: 32 }, (_, i) => f(Math.floor(i / 4) * 0.1 ** (i % 4))),
  );
const tables = [table(Math.cos), table(Math.sin)];
const positions = fedTensor(i64([0, 1, 2, 3, 4, 1, 2, 3, 4, 5], [2, 5]));

test.each([
  ["RotaryEmbedding", { op: "RotaryEmbedding", opset: 23, in: [fed(2, 3, 5, 8), ...tables, positions] }],
  [
    "com.microsoft.RotaryEmbedding",
    { op: "RotaryEmbedding", domain: "com.microsoft", in: [fed(2, 3, 5, 8), positions, ...tables] },
  ],
] as const)("%s", (_, c) => {
  const found = [...roles(read(oneNodeFile(c)).graph).values()];
  expect(found).toHaveLength(2);
  expect(found.map((r) => r.learns)).toEqual([false, false]);
});
