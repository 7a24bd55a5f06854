/**
 * The prox of the nuclear norm by matrix products: the left singular vectors of a weight, kept from step to step, are turned to those of
 * the next one (Ogita & Aishima 2018, "Iterative refinement for symmetric eigenvalue decomposition", whose step is quadratic), and the
 * singular values are lowered in them. With Q's rows the vectors, Y = Q·W and S = Y·Yᵀ, nearly diagonal:
 *   K_ij = S_ij/(S_ii − S_jj)  turns i towards j;  N = K + (I + ½K² − ⅛K⁴) + ½(I − Q·Qᵀ):  Q ← N·Q,  Y ← N·Y
 *   D = Qᵀ·diag(max(0, 1 − t/‖y_i‖))·Y
 * N is K + √(I + K²), which is orthogonal, to the fourth order; its last term makes Q so again where it was bent. It leaves out pairs
 * whose values lie too close to be turned apart: within them the factor hardly differs. How wrong D is, to first order, the divided
 * differences of the factor tell from what stands beside the diagonal of the new S (Daleckii & Krein 1965).
 */
import type { Builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import { TINY } from "../groups/slices.ts";

/** Turned is what needs less than this tangent. */
const MOST_TURN = 0.3;
/** Squares of singular values closer than this share of the largest count as so far apart. */
const CLOSE = 1e-5;

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
  const diagonal = (x: Value) => g.ReduceSum(x, { axes: [1], keepdims: 0 });

  const y = g.MatMul(basis, w);
  const s = gram(g, y);
  const squares = diagonal(g.Mul(s, one)); // σ², nearly
  const apart = g.Sub(rows(squares), columns(squares));
  const near = g.Less(g.Abs(s), g.Mul(g.Abs(apart), MOST_TURN)); // false on the diagonal
  const k = g.Where(near, g.Div(s, apart), g.scalar(0));
  const square = gram(g, k); // −K², as Kᵀ = −K
  const bent = g.Sub(one, gram(g, basis));
  const fourth = gram(g, square); // K⁴
  const even = g.Sub(g.Mul(g.Sub(bent, square), 0.5), g.Mul(fourth, 0.125));
  const turn = g.Add(g.Add(one, k), even);
  const next = g.MatMul(turn, basis);
  const turned = g.MatMul(turn, y);

  const lengths = g.ReduceSum(g.Mul(turned, turned), { axes: [1], keepdims: 0 });
  const sigma = g.Sqrt(lengths);
  const factors = g.Relu(g.Sub(1, g.Div(t, g.Max([sigma, TINY]))));
  const product = g.MatMul(transposed(g, next), g.Mul(turned, rows(factors)));
  const live = g.Cast(g.Greater(g.ReduceMax(g.Abs(w), { axes: [1], keepdims: 1 }), 0), { to: "float32" });
  const moved = g.Mul(product, live); // rows of zeros stay zeros

  const beside = g.Mul(gram(g, turned), g.Sub(1, one));
  const gap = g.Sub(rows(lengths), columns(lengths));
  const least = g.Max([g.Mul(g.ReduceMax(lengths, { keepdims: 0 }), CLOSE), TINY]);
  const slopes = g.Div(g.Sub(rows(factors), columns(factors)), g.Max([g.Abs(gap), least]));
  const missed = g.Mul(g.Mul(beside, slopes), columns(sigma));
  const kept = g.Mul(sigma, factors);
  const norm = g.Max([g.Sqrt(total(g.Mul(kept, kept))), TINY]);
  const wrong = g.Div(g.Sqrt(total(g.Mul(missed, missed))), norm);
  // N·Nᵀ − I is about ⅛K⁶, ‖K⁶‖ at most ‖K⁴‖^1.5
  const sixth = g.Mul(g.Pow(total(g.Mul(fourth, fourth)), 0.75), 0.125);
  const left = g.Add(sixth, total(g.Mul(bent, bent)));
  const rank = total(g.Cast(g.Greater(factors, 0), { to: "float32" }));
  return { moved, basis: next, rank, residual: g.Add(wrong, g.Div(left, Math.sqrt(n))) };
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
