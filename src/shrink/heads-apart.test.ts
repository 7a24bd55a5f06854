import { expect, test } from "vitest";
import { fill, model, shapes, w } from "../../test/support/shrinkable-models.ts";
import { node } from "../engine/node.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { shrink } from "./shrink.ts";

const [TOKENS, HEADS, WIDTH] = [5, 2, 2];

/** Attention of two heads of width 2 over five tokens. */
function attention(g: Builder, x: Value): Value {
  const heads = (name: string, perm: readonly number[]) => {
    const all = g.MatMul(x, w(g, name, [3, HEADS * WIDTH]));
    return g.Transpose(g.Reshape(all, { shape: [0, TOKENS, HEADS, WIDTH] }), { perm });
  };
  const scores = g.MatMul(heads("q", [0, 2, 1, 3]), heads("k", [0, 2, 3, 1]));
  const read = g.MatMul(g.Softmax(scores), heads("v", [0, 2, 1, 3]));
  const joined = g.Reshape(g.Transpose(read, { perm: [0, 2, 1, 3] }), { shape: [0, TOKENS, HEADS * WIDTH] });
  return g.MatMul(joined, w(g, "out", [HEADS * WIDTH, 3]));
}

test("an index of queries and keys that is zero in the heads that stay goes once another head has gone", async () => {
  const full = model([TOKENS, 3], attention, (name, t) =>
    name === "v" ? fill(t, 1, [0, 1]) : name === "k" ? fill(t, 1, [3]) : t,
  );
  const { model: small, proof } = await shrink(full, { engine: node({ threads: 1 }) });
  expect(shapes(small)).toEqual({ q: "3×1", k: "3×1", v: "3×2", out: "2×3" });
  expect(proof.problems).toEqual([]);
});
