/** Small models with a dynamic batch for tests of shrinking: random weights, some of them edited by name. */
import { type Builder, builder } from "../../src/graph/builder.ts";
import { size, tensor } from "../../src/graph/tensor.ts";
import type { Model, Shape, Tensor, Value } from "../../src/graph/types.ts";
import { Random } from "../../src/math/random.ts";

/** Changes a stored tensor, by its name. */
export type Edit = (name: string, t: Tensor) => Tensor;

/** A builder that makes up weights. */
export interface Sketch {
  readonly g: Builder;
  readonly x: Value;
  /** A stored tensor of random numbers. */
  w(name: string, shape: Shape): Value;
  /** x · W' + b */
  fc(x: Value, name: string, outputs: number): Value;
  /** @param o pads on every side, and the attributes of Conv */
  conv(
    x: Value,
    name: string,
    outputs: number,
    k?: number,
    o?: { pad?: number; group?: number; bias?: boolean },
  ): Value;
}

/** A model of one input and one output. */
export function sketch(input: Shape, build: (s: Sketch) => Value, edit: Edit = (_, t) => t): Model {
  const g = builder();
  const random = new Random(1, "init");
  const w = (name: string, shape: Shape): Value => {
    const data = Float32Array.from({ length: size(shape) }, () => random.normal() * 0.5);
    return g.initializer(name, edit(name, tensor("float32", shape, data)));
  };
  const s: Sketch = {
    g,
    x: g.input("x", "float32", [2, ...input]),
    w,
    fc: (x, name, n) => g.Gemm(x, w(name, [n, x.shape[1]]), w(`${name}.bias`, [n]), { transB: 1 }),
    conv(x, name, n, k = 1, { pad = 0, group = 1, bias = true } = {}) {
      const b = bias ? w(`${name}.bias`, [n]) : null;
      return g.Conv(x, w(name, [n, x.shape[1] / group, k, k]), b, { group, pads: [pad, pad, pad, pad] });
    },
  };
  const y = g.output(build(s), "y");
  const dims = new Map([
    ["x", ["n", ...input]],
    ["y", ["n", ...y.shape.slice(1)]],
  ]);
  return { graph: g.build(), opset: 17, dims, metadata: new Map() };
}

/** The tensor with some indices of an axis set to a number. */
export function filled(t: Tensor, axis: number, indices: readonly number[], x = 0): Tensor {
  const inner = size(t.shape.slice(axis + 1));
  const at = (i: number) => Math.floor(i / inner) % t.shape[axis];
  return { ...t, data: Float32Array.from(t.data as Float32Array, (v, i) => (indices.includes(at(i)) ? x : v)) };
}

/** Edits by name: which indices of which axis become which number. */
export const edits =
  (table: Readonly<Record<string, readonly [axis: number, indices: readonly number[], x?: number]>>): Edit =>
  (name, t) => {
    const edit = table[name];
    return edit ? filled(t, ...edit) : t;
  };
