/** Attention as exporters write it: what of it can go. */

import { f32, i64 } from "../../src/graph/tensor.ts";
import type { Shape, Value } from "../../src/graph/types.ts";
import type { Net, Topology } from "./random-net.ts";

const dense = (n: Net, x: Value, name: string, shape: Shape): Value =>
  n.g.Add(n.g.MatMul(x, n.weight(`${name}.weight`, shape)), n.weight(`${name}.bias`, [shape[1]]));

/** Queries, keys and values [N, heads, T, width] → what the output projection reads, and it. */
function attend(n: Net, q: Value, k: Value, v: Value): Value {
  const scores = n.g.MatMul(q, n.g.Transpose(k, { perm: [0, 1, 3, 2] }));
  const y = n.g.MatMul(n.g.Softmax(n.g.Mul(scores, n.g.constant(f32([0.5], [])))), v);
  const heads = n.g.Reshape(n.g.Transpose(y, { perm: [0, 2, 1, 3] }), { shape: [0, 0, 12] });
  return n.g.MatMul(heads, n.weight("o.weight", [12, 4]));
}

const heads = (n: Net, y: Value, count: number): Value =>
  n.g.Transpose(n.g.Reshape(y, { shape: [0, 0, count, 3] }), { perm: [0, 2, 1, 3] });

/** Whether queries, keys and values of one product are picked by a Gather or by a Split and a Squeeze. */
const fused = (split: boolean): Topology => ({
  input: [5, 6],
  build: (n, x) => {
    const all = n.g.Reshape(dense(n, x, "qkv", [6, 36]), { shape: [0, 0, 3, 4, 3] });
    const first = n.g.Transpose(all, { perm: [2, 0, 3, 1, 4] });
    const parts = split ? n.g.Split(first, { axis: 0, split: [1, 1, 1] }) : [];
    const [q, k, v] = [0, 1, 2].map((i) =>
      split ? n.g.Squeeze(parts[i], { axes: [0] }) : n.g.Gather(first, n.g.constant(i64([i], [])), { axis: 0 }),
    );
    return attend(n, q, k, v);
  },
});

export const attentionTopologies: Record<string, Topology> = {
  "attention: whole heads go": {
    input: [5, 6],
    build: (n, x) => {
      const [q, k, v] = ["q", "k", "v"].map((name) => heads(n, dense(n, x, name, [6, 12]), 4));
      return attend(n, q, k, v);
    },
  },
  "attention: queries, keys and values of one product, gathered": fused(false),
  "attention: queries, keys and values of one product, split": fused(true),
  "attention: queries share keys and values": {
    input: [5, 6],
    build: (n, x) => {
      const q = heads(n, dense(n, x, "q", [6, 12]), 4);
      const [k, v] = ["k", "v"].map((name) => {
        const own = n.g.Unsqueeze(heads(n, dense(n, x, name, [6, 6]), 2), { axes: [2] });
        return n.g.Reshape(n.g.Expand(own, { shape: [1, 1, 2, 1, 1] }), { shape: [0, 4, 5, 3] });
      });
      return attend(n, q, k, v);
    },
  },
};
