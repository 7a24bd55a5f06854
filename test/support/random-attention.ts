/** One attention of random sizes, as exporters write it: heads that share keys, projections in one, rotary positions, a mask. */
import type { Builder } from "../../src/graph/builder.ts";
import { f32, i64, size, tensor } from "../../src/graph/tensor.ts";
import type { Model, Shape, Value } from "../../src/graph/types.ts";
import type { Random } from "../../src/math/random.ts";
import { model } from "./shrinkable-models.ts";

/** How queries, keys and values come about. */
const PROJECTIONS = ["apart", "split", "sliced heads", "stacked", "stacked last"] as const;
/** How positions turn channels. */
const ROTARY = ["none", "halves", "neighbours", "stepped"] as const;

export interface Attention {
  readonly projection: (typeof PROJECTIONS)[number];
  readonly rotary: (typeof ROTARY)[number];
  /** Heads of queries, and of keys and values. */
  readonly heads: number;
  readonly shared: number;
  /** Width of a query or key, and of a value. */
  readonly width: number;
  readonly value: number;
  readonly bias: boolean;
}

/** Sizes that fit a projection and rotary positions. @param which the numbers from 0 to 19 have every projection with all of those */
export function randomAttention(random: Random, which: number): Attention {
  const projection = PROJECTIONS[which % PROJECTIONS.length];
  const rotary = ROTARY[which % ROTARY.length];
  const stacked = projection.startsWith("stacked");
  const shared = 1 + random.int(3);
  const width = 2 * (1 + random.int(3));
  return {
    projection,
    rotary,
    heads: stacked ? shared : shared * (1 + random.int(3)),
    shared,
    width,
    value: projection === "apart" || projection === "split" ? 1 + random.int(5) : width,
    bias: random.uniform() < 0.5,
  };
}

const [LENGTH, INPUT, OUTPUT] = [5, 6, 4];

/** The attention as a model of [n, 5, 6] → [n, 5, 4]. */
export function attentionModel(a: Attention, random: Random): Model {
  const weight = (g: Builder, name: string, shape: Shape) =>
    g.initializer(
      name,
      tensor(
        "float32",
        shape,
        Float32Array.from({ length: size(shape) }, () => random.normal() * 0.7),
      ),
    );
  const dense = (g: Builder, x: Value, name: string, n: number) => {
    const y = g.MatMul(x, weight(g, `${name}.weight`, [x.shape.at(-1)!, n]));
    return a.bias ? g.Add(y, weight(g, `${name}.bias`, [n])) : y;
  };
  const perHead = (g: Builder, y: Value, heads: number, width: number) =>
    g.Transpose(g.Reshape(y, { shape: [0, 0, heads, width] }), { perm: [0, 2, 1, 3] });
  const build = (g: Builder, x: Value): Value => {
    const { heads, shared, width, value } = a;
    const [q, k, v] = parts(g, x, a, dense, perHead);
    const mask = g.constant(
      f32(
        Float32Array.from({ length: LENGTH ** 2 }, (_, i) => (i % LENGTH > i / LENGTH ? -1e9 : 0)),
        [LENGTH, LENGTH],
      ),
    );
    const each = (y: Value, n: number) =>
      shared === heads
        ? y
        : g.Reshape(g.Expand(g.Unsqueeze(y, { axes: [2] }), { shape: [1, 1, heads / shared, 1, 1] }), {
            shape: [0, heads, LENGTH, n],
          });
    const keys = g.Transpose(each(turned(g, k, a), width), { perm: [0, 1, 3, 2] });
    const scores = g.Mul(g.MatMul(turned(g, q, a), keys), g.constant(f32([1 / Math.sqrt(width)], [])));
    const read = g.MatMul(g.Softmax(g.Add(scores, mask)), each(v, value));
    const joined = g.Reshape(g.Transpose(read, { perm: [0, 2, 1, 3] }), { shape: [0, 0, heads * value] });
    return dense(g, joined, "o", OUTPUT);
  };
  return model([LENGTH, INPUT], build, (_, t) => t);
}

type Dense = (g: Builder, x: Value, name: string, n: number) => Value;
type PerHead = (g: Builder, y: Value, heads: number, width: number) => Value;

/** Queries, keys and values [N, heads, T, width]. */
function parts(g: Builder, x: Value, a: Attention, dense: Dense, perHead: PerHead): readonly [Value, Value, Value] {
  const { heads, shared, width, value } = a;
  const pick = (y: Value, at: number, axis: number) => g.Gather(y, g.constant(i64([at], [])), { axis });
  switch (a.projection) {
    case "apart":
      return [
        perHead(g, dense(g, x, "q", heads * width), heads, width),
        perHead(g, dense(g, x, "k", shared * width), shared, width),
        perHead(g, dense(g, x, "v", shared * value), shared, value),
      ];
    case "split": {
      const split = [heads * width, shared * width, shared * value];
      const all = dense(g, x, "qkv", split[0] + split[1] + split[2]);
      const [q, k, v] = g.Split(all, { axis: 2, split });
      return [perHead(g, q, heads, width), perHead(g, k, shared, width), perHead(g, v, shared, value)];
    }
    case "sliced heads": {
      const n = heads + 2 * shared;
      const all = perHead(g, dense(g, x, "qkv", n * width), n, width);
      const slice = (from: number, to: number) => g.Slice(all, { starts: [from], ends: [to], axes: [1] });
      return [slice(0, heads), slice(heads, heads + shared), slice(heads + shared, n)];
    }
    case "stacked": {
      const all = g.Reshape(dense(g, x, "qkv", 3 * heads * width), { shape: [0, 0, 3, heads, width] });
      const first = g.Transpose(all, { perm: [2, 0, 3, 1, 4] });
      return [pick(first, 0, 0), pick(first, 1, 0), pick(first, 2, 0)];
    }
    case "stacked last": {
      const all = perHead(g, dense(g, x, "qkv", 3 * heads * width), heads, 3 * width);
      const [q, k, v] = g.Split(all, { axis: 3, split: [width, width, width] });
      return [q, k, v];
    }
  }
}

/** Pairs of channels turned by angles that grow with the position. */
function turned(g: Builder, y: Value, { rotary, width }: Attention): Value {
  if (rotary === "none") return y;
  const half = width / 2;
  const pair = (j: number) => (rotary === "halves" ? j % half : Math.floor(j / 2));
  const angle = (i: number) => Math.floor(i / width) / (1 + pair(i % width));
  const table = (f: (x: number) => number) =>
    g.constant(
      f32(
        Float32Array.from({ length: LENGTH * width }, (_, i) => f(angle(i))),
        [LENGTH, width],
      ),
    );
  return g.Add(g.Mul(y, table(Math.cos)), g.Mul(partners(g, y, rotary, width), table(Math.sin)));
}

/** Of each pair (a, b) the pair (−b, a). */
function partners(g: Builder, y: Value, rotary: Attention["rotary"], width: number): Value {
  const half = width / 2;
  const slice = (x: Value, start: number, end: number, step = 1) =>
    g.Slice(x, { starts: [start], ends: [end], axes: [x.shape.length - 1], steps: [step] });
  if (rotary === "halves") return g.Concat([g.Neg(slice(y, half, width)), slice(y, 0, half)], { axis: 3 });
  if (rotary === "stepped") {
    const [even, odd] = [slice(y, 0, width, 2), slice(y, 1, width, 2)];
    const side = (x: Value) => g.Unsqueeze(x, { axes: [4] });
    const both = g.Concat([side(g.Neg(odd)), side(even)], { axis: 4 });
    return g.Reshape(both, { shape: [0, 0, 0, width] });
  }
  const pairs = g.Reshape(y, { shape: [0, 0, 0, half, 2] });
  const both = g.Concat([g.Neg(slice(pairs, 1, 2)), slice(pairs, 0, 1)], { axis: 4 });
  return g.Reshape(both, { shape: [0, 0, 0, width] });
}
