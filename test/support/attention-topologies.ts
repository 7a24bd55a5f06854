/** Attention as exporters write it: what of it can go. */
import { f32 } from "../../src/graph/tensor.ts";
import type { Topology } from "./random-net.ts";

export const attentionTopologies: Record<string, Topology> = {
  "attention: whole heads go": {
    input: [5, 6],
    build: (n, x) => {
      const project = (name: string) => {
        const y = n.g.Add(n.g.MatMul(x, n.weight(`${name}.weight`, [6, 12])), n.weight(`${name}.bias`, [12]));
        return n.g.Transpose(n.g.Reshape(y, { shape: [0, 0, 4, 3] }), { perm: [0, 2, 1, 3] });
      };
      const scores = n.g.MatMul(project("q"), n.g.Transpose(project("k"), { perm: [0, 1, 3, 2] }));
      const y = n.g.MatMul(n.g.Softmax(n.g.Mul(scores, n.g.constant(f32([0.5], [])))), project("v"));
      const heads = n.g.Reshape(n.g.Transpose(y, { perm: [0, 2, 1, 3] }), { shape: [0, 0, 12] });
      return n.g.MatMul(heads, n.weight("o.weight", [12, 4]));
    },
  },
};
