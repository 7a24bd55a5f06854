/** conv → relu → two convolutions, added → flatten → dense: groups that span one tensor or several. For tests of penalties. */
import { builder } from "../../src/graph/builder.ts";
import type { Graph, Shape, Tensor } from "../../src/graph/types.ts";

/** @param draw makes a weight */
export function branchingNet(draw: (shape: Shape) => Tensor): Graph {
  const g = builder("net");
  const x = g.input("x", "float32", [1, 2, 6, 6]);
  const a = g.Relu(g.Conv(x, g.initializer("a", draw([4, 2, 3, 3])), g.initializer("a.bias", draw([4]))));
  const b = g.Relu(g.Conv(a, g.initializer("b", draw([3, 4, 3, 3])), null));
  const c = g.Add(g.Conv(a, g.initializer("c", draw([3, 4, 3, 3])), null), b);
  g.output(g.Gemm(g.Flatten(c), g.initializer("d", draw([5, 12])), null, { transB: 1 }));
  return g.build();
}
