/**
 * The prox of the nuclear norm by matrix products. The left singular vectors of a weight are kept from step to step, as the rows of Q.
 * With Y = Q·W and S = Y·Yᵀ, which is nearly diagonal, σᵢ² = S_ii and f(σ²) = max(0, 1 − t/σ):
 *   D = Qᵀ·F·Y, where F = f(S) to first order: F_ii = f(σᵢ²), F_ij = S_ij·(f(σᵢ²) − f(σⱼ²))/(σᵢ² − σⱼ²) (Daleckii & Krein 1965)
 * What second order is left out is estimated, and D asked again from the next Q where that is too much: Q is turned to the vectors of
 * W, to second order as well (Ogita & Aishima 2018, "Iterative refinement for symmetric eigenvalue decomposition"):
 *   K_ij = S_ij/(S_ii − S_jj)  turns i towards j;  N = K + (I + ½K² − ⅛K⁴) + ½(I − Q·Qᵀ);  Q ← N·Q
 * N is K + √(I + K²), which is orthogonal, to the fourth order; its last term makes Q so again where it was bent. It leaves out pairs
 * whose values lie too close to be turned apart: F has them as they are.
 */
import type { Builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import { TINY } from "../groups/slices.ts";

/** Turned is what needs less than this tangent. */
const MOST_TURN = 0.3;
/** Squares of singular values closer than this share of the largest count as so far apart. */
const CLOSE = 1e-5;

/** What singular values count as at least where they divide: what float32 holds their products' inverse of. */
const LEAST = 1e-12;

/** What became of a weight. */
export interface Followed {
  /** D, [n, m]. */
  readonly moved: Value;
  /** Q, [n, n]. */
  readonly basis: Value;
  /** How many singular values are left, a scalar. */
  readonly rank: Value;
  /** About ‖D − prox(W)‖/‖D‖, a scalar. */
  readonly residual: Value;
}

/**
 * @param w [n, m], n ≤ m
 * @param basis Q of a weight nearby, [n, n]; from zeros nothing can be followed, and the residual is 1 or more
 * @param t by how much the singular values are lowered, a scalar > 0
 */
export function followed(g: Builder, w: Value, basis: Value, t: Value): Followed {
  const n = w.shape[0];
  const one = g.constant(f32(identity(n), [n, n]));
  const rows = (x: Value) => g.Reshape(x, { shape: [n, 1] });
  const columns = (x: Value) => g.Reshape(x, { shape: [1, n] });
  const total = (x: Value) => g.ReduceSum(x, { keepdims: 0 });
  const length = (x: Value) => g.Sqrt(total(g.Mul(x, x)));
  const sums = (x: Value) => g.ReduceSum(x, { axes: [1], keepdims: 0 });

  const y = g.MatMul(basis, w);
  const s = gram(g, y);
  const beside = g.Mul(s, g.Sub(1, one));
  const squares = sums(g.Mul(s, one)); // σ²
  const apart = g.Sub(rows(squares), columns(squares));

  const near = g.Less(g.Abs(s), g.Mul(g.Abs(apart), MOST_TURN)); // false on the diagonal
  const k = g.Where(near, g.Div(s, apart), g.scalar(0));
  const square = gram(g, k); // −K², as Kᵀ = −K
  const bent = g.Sub(one, gram(g, basis));
  const even = g.Sub(g.Mul(g.Sub(bent, square), 0.5), g.Mul(gram(g, square), 0.125));
  const next = g.MatMul(g.Add(g.Add(one, k), even), basis);

  const sigma = g.Sqrt(squares);
  const floored = g.Max([sigma, t, TINY]);
  const lost = g.Div(t, floored); // 1 − f
  const factors = g.Relu(g.Sub(1, lost)); // f
  const least = g.Max([g.Mul(g.ReduceMax(squares, { keepdims: 0 }), CLOSE), TINY]);
  const gap = g.Max([g.Abs(apart), least]);
  // t/(σᵢσⱼ(σᵢ + σⱼ)); less where one of them is below t, nothing where both are
  const raised = g.Mul(floored, floored);
  const share = g.Div(g.Abs(g.Sub(rows(raised), columns(raised))), gap);
  const safe = g.Max([floored, LEAST]);
  const steep = g.Div(g.Mul(rows(lost), columns(g.Reciprocal(safe))), g.Add(rows(safe), columns(safe)));
  const changes = g.Mul(beside, g.Mul(steep, share));
  const f = g.Add(g.Mul(one, rows(factors)), changes);
  const product = g.MatMul(transposed(g, basis), g.MatMul(f, y));
  const live = g.Cast(g.Greater(g.ReduceMax(g.Abs(w), { axes: [1], keepdims: 1 }), 0), { to: "float32" });
  const moved = g.Mul(product, live); // rows of zeros stay zeros

  // of the second order to the first: S over σᵢσⱼ, and over σᵢ² − σⱼ² where f has its kink between them
  const across = g.Cast(g.Greater(share, 0), { to: "float32" }); // of two below t there is none
  const kinks = g.Div(g.Mul(g.Relu(g.Sub(1, share)), across), gap);
  const bends = g.Mul(beside, g.Add(g.Reciprocal(g.Mul(rows(safe), columns(safe))), kinks));
  const reach = g.Sqrt(sums(g.Mul(bends, bends)));
  const missed = g.Mul(g.Mul(changes, g.Min([g.Add(rows(reach), columns(reach)), 1])), columns(sigma));
  const kept = g.Mul(sigma, factors);
  const wrong = g.Div(length(missed), g.Max([length(kept), TINY]));
  const askew = g.Div(length(bent), Math.sqrt(n));
  const rank = total(g.Cast(g.Greater(factors, 0), { to: "float32" }));
  return { moved, basis: next, rank, residual: g.Add(wrong, askew) };
}

/** Rows from which a product of a matrix with itself is cheaper in halves. */
const HALVED = 256;

/** X·Xᵀ, whose lower left quarter is the upper right one's transpose. */
function gram(g: Builder, x: Value): Value {
  const n = x.shape[0];
  if (n < HALVED) return g.MatMul(x, transposed(g, x));
  const half = Math.floor(n / 2);
  const [a, b] = g.Split(x, { axis: 0, split: [half, n - half] });
  const across = g.MatMul(a, transposed(g, b));
  const upper = g.Concat([gram(g, a), across], { axis: 1 });
  return g.Concat([upper, g.Concat([transposed(g, across), gram(g, b)], { axis: 1 })], { axis: 0 });
}

const transposed = (g: Builder, x: Value): Value => g.Transpose(x, { perm: [1, 0] });

const identity = (n: number): Float32Array =>
  Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
