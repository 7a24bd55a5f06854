/** Small models for the tests of shrinking, and edits of their tensors. */
import { type Builder, builder } from "../../src/graph/builder.ts";
import { size, tensor } from "../../src/graph/tensor.ts";
import type { Graph, Model, Shape, Tensor, Value } from "../../src/graph/types.ts";
import { Random } from "../../src/math/random.ts";

/** By the name alone: what a test gets hangs on no test before it. */
const noise = (name: string, shape: Shape): Tensor => {
  const seed = [...name].reduce((n, letter) => (n * 31 + letter.charCodeAt(0)) % 1_000_003, 1);
  const random = new Random(seed, "init");
  return tensor(
    "float32",
    shape,
    Float32Array.from({ length: size(shape) }, () => random.normal() * 0.5),
  );
};
export const w = (g: Builder, name: string, shape: Shape) => g.initializer(name, noise(name, shape));

/** A model with a dynamic batch; `edit` changes its tensors by name. */
export function model(
  input: Shape,
  build: (g: Builder, x: Value) => Value,
  edit: (name: string, t: Tensor) => Tensor,
): Model {
  const g = builder();
  const y = g.output(build(g, g.input("x", "float32", [2, ...input])), "y");
  const graph: Graph = g.build();
  const initializers = new Map([...graph.initializers].map(([v, t]) => [v, edit(v.name, t)]));
  return {
    graph: { ...graph, initializers },
    opset: 17,
    dims: new Map([
      ["x", ["n", ...input]],
      ["y", ["n", ...y.shape.slice(1)]],
    ]),
    metadata: new Map(),
  };
}
/** Sets some indices of an axis to a number. */
export const fill = (t: Tensor, axis: number, indices: readonly number[], x = 0): Tensor => {
  const inner = size(t.shape.slice(axis + 1));
  const at = (i: number) => Math.floor(i / inner) % t.shape[axis];
  return { ...t, data: Float32Array.from(t.data as Float32Array, (v, i) => (indices.includes(at(i)) ? x : v)) };
};
export const all = (t: Tensor, x = 0): Tensor => ({ ...t, data: new Float32Array(t.data.length).fill(x) });
export const shapes = (m: Model) =>
  Object.fromEntries([...m.graph.initializers.keys()].map((v) => [v.name, v.shape.join("×")]));

/** conv a → relu → conv b, `pads` on b. Filter 1 of a is zero with bias 0.7, so its channel is constant. */

/** Three layers, 6 → 8 → 5 → 3. */
export const chain = (edit: (name: string, t: Tensor) => Tensor, end: (g: Builder, y: Value) => Value = (_, y) => y) =>
  model(
    [6],
    (g, x) => {
      const layer = (v: Value, name: string, O: number) =>
        g.Gemm(v, w(g, name, [O, v.shape[1]]), w(g, `${name}.bias`, [O]), { transB: 1 });
      return end(g, layer(g.Relu(layer(g.Relu(layer(x, "a", 8)), "b", 5)), "c", 3));
    },
    edit,
  );

/** One residual block behind a stem. */
export const residual = (edit: (name: string, t: Tensor) => Tensor) =>
  model(
    [3, 5, 5],
    (g, x) => {
      const pads = [1, 1, 1, 1];
      const s = g.Relu(g.Conv(x, w(g, "stem", [4, 3, 3, 3]), null, { pads }));
      const a = g.Relu(g.Conv(s, w(g, "a", [6, 4, 3, 3]), w(g, "a.bias", [6]), { pads }));
      const b = g.Conv(a, w(g, "b", [4, 6, 3, 3]), w(g, "b.bias", [4]), { pads });
      const t = g.Relu(g.Add(s, b));
      return g.Gemm(g.Flatten(g.GlobalAveragePool(t)), w(g, "fc", [2, 4]), null, { transB: 1 });
    },
    edit,
  );

/** A graph with one tensor changed. */
export function edited(graph: Graph, name: string, edit: (t: Tensor) => Tensor): Graph {
  const initializers = new Map([...graph.initializers].map(([v, t]) => [v, v.name === name ? edit(t) : t]));
  return { ...graph, initializers };
}
