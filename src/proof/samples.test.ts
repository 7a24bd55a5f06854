import { expect, test } from "vitest";
import { fill, model, shapes, w } from "../../test/support/shrinkable-models.ts";
import { node } from "../engine/node.ts";
import { withSizes } from "../graph/bind.ts";
import { shrink } from "../shrink/shrink.ts";

const engine = node({ threads: 1 });

test("a head that makes only zeros is proved to, where heads of all samples stand one behind the other", async () => {
  const full = model(
    [3, 4],
    (g, x) => {
      const tokens = g.Transpose(x, { perm: [1, 0, 2] });
      const heads = (name: string) =>
        g.Transpose(g.Reshape(g.MatMul(tokens, w(g, name, [4, 8])), { shape: [3, -1, 4] }), { perm: [1, 0, 2] });
      const share = g.Softmax(g.MatMul(heads("q"), g.Transpose(heads("k"), { perm: [0, 2, 1] })));
      const seen = g.Transpose(g.MatMul(share, heads("v")), { perm: [1, 0, 2] });
      const y = g.MatMul(g.Reshape(seen, { shape: [3, -1, 8] }), w(g, "out", [8, 5]));
      return g.Transpose(y, { perm: [1, 0, 2] });
    },
    (name, t) => (name === "out" ? t : fill(t, 1, [4, 5, 6, 7])),
  );
  const { model: small, proof } = await shrink(withSizes(full, { n: 1 }), { engine });
  expect(proof.holds).toBe(true);
  expect(shapes(small)).toEqual({ q: "4×4", k: "4×4", v: "4×4", out: "4×5" });
});
