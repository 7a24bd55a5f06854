/** Matrix products, attention, and weights that are used twice. */
import { tensor } from "../../../src/graph/tensor.ts";
import type { Value } from "../../../src/graph/types.ts";
import { chance, pick } from "../../mutate/pick.ts";
import type { Net } from "../net.ts";
import { atRank, divisors, type NetMoves, sequence } from "./move.ts";

/** Added to what a position may not look at. */
const FAR = -1e4;

/** [N, T, heads · width] → [N, heads, T, width] */
const heads = (n: Net, x: Value, count: number): Value =>
  n.g.Transpose(n.g.Reshape(x, { shape: [0, 0, count, -1] }), { perm: [0, 2, 1, 3] });

/** Pairs of channels turned by an angle that grows with the position. */
function rotated(n: Net, x: Value): Value {
  const { g } = n;
  const [, , length, width] = x.shape;
  if (width % 2 !== 0) return x;
  const half = width / 2;
  const table = (of: (x: number) => number) =>
    g.constant(
      tensor(
        "float32",
        [length, width],
        Float32Array.from({ length: length * width }, (_, i) => {
          const [at, k] = [Math.floor(i / width), i % half];
          return of(at / 10 ** (k / half));
        }),
      ),
    );
  const [a, b] = g.Split(x, { axis: 3, split: [half, half] });
  return g.Add(g.Mul(x, table(Math.cos)), g.Mul(g.Concat([g.Neg(b), a], { axis: 3 }), table(Math.sin)));
}

/** Scores with what may not be seen far below the others. */
function masked(n: Net, scores: Value): Value {
  const { g } = n;
  const length = scores.shape.at(-1)!;
  const far = (at: (i: number) => number) =>
    tensor(
      "float32",
      [length, length],
      Float32Array.from({ length: length ** 2 }, (_, i) => at(i)),
    );
  switch (n.between(0, 2)) {
    case 0:
      return scores;
    case 1:
      return g.Add(scores, g.constant(far((i) => (i % length > Math.floor(i / length) ? FAR : 0))));
    default: {
      const seen = g.Trilu(g.constant(far(() => 1)), { upper: 0 });
      return g.Where(g.Greater(seen, 0.5), scores, g.scalar(FAR));
    }
  }
}

/** Several heads; keys and values of several heads, or of fewer that share theirs; one product for all three, or three. */
function severalHeads(n: Net, x: Value): Value | undefined {
  const { g } = n;
  const D = x.shape[2];
  const H = pick(n.random, divisors(D));
  const width = chance(n.random, 0.7) ? D / H : n.between(1, 4);
  const shared = pick(n.random, divisors(H));
  const [q, kv] = [H * width, (H / shared) * width];
  const bias = (v: Value) => (chance(n.random, 0.4) ? g.Add(v, n.weight(v.shape[2])) : v);
  const project = (to: number) => bias(g.MatMul(x, n.weight(D, to)));
  const [Q, K, V] =
    shared === 1 && chance(n.random, 0.4)
      ? g.Split(project(3 * q), { axis: 2, split: [q, q, q] })
      : [project(q), project(kv), project(kv)];
  const turn = chance(n.random, 0.3) ? rotated : (_: Net, v: Value) => v;
  const spread = (v: Value) => {
    if (shared === 1) return v;
    const [, h, t, w] = v.shape;
    const wide = g.Expand(g.Unsqueeze(v, { axes: [2] }), { shape: [1, h, shared, t, w] });
    return g.Reshape(wide, { shape: [0, H, t, w] });
  };
  const keys = g.Transpose(spread(turn(n, heads(n, K, H / shared))), { perm: [0, 1, 3, 2] });
  const scores = g.Mul(g.MatMul(turn(n, heads(n, Q, H)), keys), 1 / Math.sqrt(width));
  const read = g.MatMul(g.Softmax(masked(n, scores)), spread(heads(n, V, H / shared)));
  const together = g.Reshape(g.Transpose(read, { perm: [0, 2, 1, 3] }), { shape: [0, 0, q] });
  const out = bias(g.MatMul(together, n.weight(q, D)));
  return chance(n.random, 0.5) ? g.Add(x, out) : out;
}

export const linearMoves = {
  dense: (n, x) => {
    if (x.shape.length !== 2) return undefined;
    const [O, I] = [n.between(1, 8), x.shape[1]];
    const bias = chance(n.random, 0.7) ? n.weight(O) : null;
    return chance(n.random, 0.7) ? n.g.Gemm(x, n.weight(O, I), bias, { transB: 1 }) : n.g.Gemm(x, n.weight(I, O), bias);
  },
  matMul: atRank(2, (n, x) => n.g.MatMul(x, n.weight(x.shape.at(-1)!, n.between(1, 6)))),
  /** There and back again by one weight. */
  tied: atRank(2, (n, x) => {
    const w = n.weight(x.shape.at(-1)!, n.between(1, 6));
    return n.g.MatMul(n.g.Tanh(n.g.MatMul(x, w)), n.g.Transpose(w, { perm: [1, 0] }));
  }),
  /** The same layer again. */
  again: atRank(2, (n, x) => {
    const d = x.shape.at(-1)!;
    const [w, b] = [n.weight(d, d), n.weight(d)];
    const layer = (v: Value) => n.g.Tanh(n.g.Add(n.g.MatMul(v, w), b));
    return layer(layer(x));
  }),
  mlp: atRank(2, (n, x) => {
    const d = x.shape.at(-1)!;
    const hidden = n.between(2, 8);
    const up = () => n.g.MatMul(x, n.weight(d, hidden));
    const inner = chance(n.random, 0.5) ? n.g.Mul(n.g.Sigmoid(up()), up()) : n.g.Gelu(n.g.Add(up(), n.weight(hidden)));
    const out = n.g.MatMul(inner, n.weight(hidden, d));
    return chance(n.random, 0.5) ? n.g.Add(x, out) : out;
  }),
  attention: sequence((n, x) => {
    const d = x.shape[2];
    const scores = n.g.MatMul(
      n.g.MatMul(x, n.weight(d, d)),
      n.g.Transpose(n.g.MatMul(x, n.weight(d, d)), { perm: [0, 2, 1] }),
    );
    return n.g.MatMul(n.g.Softmax(scores), n.g.MatMul(x, n.weight(d, d)));
  }),
  heads: sequence(severalHeads),
  /** A product of matrices said as a sum over letters: read, it is another. */
  einsum: sequence((n, x) => {
    const [batch, length, D] = x.shape;
    const O = n.between(1, 5);
    return chance(n.random, 0.5)
      ? n.foreign("Einsum", [x, n.weight(D, O)], { equation: "btd,do->bto" }, [batch, length, O])
      : n.foreign("Einsum", [x, n.weight(O, length, D)], { equation: "btd,otd->bo" }, [batch, O]);
  }),
} satisfies NetMoves;
