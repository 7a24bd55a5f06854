/**
 * The leading eigenvectors of a symmetric matrix in float64: Householder's tridiagonal form, bisection by Sturm counts for the
 * eigenvalues above a bound, inverse iteration for their vectors alone (Parlett 1980, chapters 3, 4 and 7; LAPACK's sytd2, stebz,
 * stein). Few vectors of a large matrix cost a tenth of all of them, and how many there are is exact.
 */
import { Random } from "./random.ts";

/** T = Qᵀ·A·Q: its diagonal, what stands left of it, and Q as reflections. */
interface Tridiagonal {
  readonly d: Float64Array;
  /** e[i] = T[i, i−1]; e[0] = 0. */
  readonly e: Float64Array;
  /** Row i holds a vector v over [0, i): Q = H_{n−1} ⋯ H₂ with H_i = 1 − beta[i]·v·vᵀ. */
  readonly v: Float64Array;
  readonly beta: Float64Array;
}

/**
 * Orthonormal eigenvectors whose eigenvalues lie above a bound, those of larger ones first, as rows.
 * @param a [n, n], symmetric and finite; its lower triangle is read, and all of it is overwritten
 */
export function leadingEigenvectors(a: Float64Array, n: number, above: number): Float64Array[] {
  const t = tridiagonalize(a, n);
  const norm = t.d.reduce((max, x, i) => Math.max(max, Math.abs(x) + Math.abs(t.e[i]) + Math.abs(t.e[i + 1] ?? 0)), 0);
  const count = n - countBelow(t, above, norm);
  const vectors: Float64Array[] = [];
  let cluster = 0; // first of the vectors that this one must be made orthogonal to
  for (let j = 0, last = Number.POSITIVE_INFINITY; j < count; j++) {
    const value = eigenvalue(t, n - 1 - j, norm);
    if (last - value > CLOSE * norm) cluster = j;
    last = value;
    vectors.push(eigenvector(t, value, norm, vectors.slice(cluster)));
  }
  reflect(t, vectors);
  return vectors;
}

/** Eigenvectors are orthogonal by themselves where their values differ by more than this share of the norm. */
const CLOSE = 1e-3;

function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const [d, e, beta, p] = [0, 0, 0, 0].map(() => new Float64Array(n));
  for (let i = n - 1; i > 0; i--) {
    const v = a.subarray(i * n, i * n + i);
    d[i] = a[i * n + i];
    const length = Math.sqrt(dot(v, v, i));
    e[i] = i === 1 ? v[0] : v[i - 1] > 0 ? -length : length;
    if (i === 1 || length === 0) continue;
    v[i - 1] -= e[i];
    beta[i] = 2 / dot(v, v, i);
    // A ← H·A·H over [0, i): with p = beta·A·v and w = p − (beta/2)(pᵀv)·v, A ← A − v·wᵀ − w·vᵀ
    multiply(a, n, i, v, p);
    for (let r = 0; r < i; r++) p[r] *= beta[i];
    const half = (beta[i] / 2) * dot(p, v, i);
    for (let r = 0; r < i; r++) p[r] -= half * v[r];
    subtract(a, n, i, v, p);
  }
  d[0] = a[0];
  return { d, e, v: a, beta };
}

/** p = A·v over [0, m), from the lower triangle; two rows at a time, which halves the traffic. */
function multiply(a: Float64Array, n: number, m: number, v: Float64Array, p: Float64Array): void {
  p.fill(0);
  for (let r = 0; r < m; r += 2) {
    const first = r * n;
    if (r + 1 === m) {
      const x = v[r];
      for (let c = 0; c < r; c++) p[c] += a[first + c] * x;
      p[r] += dot(a.subarray(first), v, r) + a[first + r] * x;
      return;
    }
    const second = first + n;
    const [x, y] = [v[r], v[r + 1]];
    let [s, t] = [0, 0];
    for (let c = 0; c < r; c++) {
      const [f, g, w] = [a[first + c], a[second + c], v[c]];
      s += f * w;
      t += g * w;
      p[c] += f * x + g * y;
    }
    const between = a[second + r];
    p[r] += s + a[first + r] * x + between * y;
    p[r + 1] += t + between * x + a[second + r + 1] * y;
  }
}

/** A ← A − v·wᵀ − w·vᵀ over the lower triangle of [0, m), two rows at a time. */
function subtract(a: Float64Array, n: number, m: number, v: Float64Array, w: Float64Array): void {
  for (let r = 0; r < m; r += 2) {
    const [first, second] = [r * n, (r + 1) * n];
    const both = r + 1 < m;
    const [x, y, z, u] = [v[r], w[r], both ? v[r + 1] : 0, both ? w[r + 1] : 0];
    for (let c = 0; c <= r; c++) {
      const [p, q] = [w[c], v[c]];
      a[first + c] -= x * p + y * q;
      if (both) a[second + c] -= z * p + u * q;
    }
    if (both) a[second + r + 1] -= 2 * z * u;
  }
}

function dot(x: Float64Array, y: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

/** How many eigenvalues lie below x: the negative pivots of T − x. */
function countBelow({ d, e }: Tridiagonal, x: number, norm: number): number {
  const least = Number.EPSILON ** 2 * norm + Number.MIN_VALUE;
  let count = 0;
  for (let i = 0, q = 1; i < d.length; i++) {
    q = d[i] - x - (e[i] * e[i]) / q;
    if (Math.abs(q) < least) q = -least;
    if (q < 0) count++;
  }
  return count;
}

/** The k-th smallest eigenvalue, k from 0. */
function eigenvalue(t: Tridiagonal, k: number, norm: number): number {
  let [low, high] = [-norm, norm * (1 + Number.EPSILON)];
  while (high - low > 2 * Number.EPSILON * Math.max(Math.abs(low), Math.abs(high), Number.EPSILON * norm)) {
    const middle = (low + high) / 2;
    if (countBelow(t, middle, norm) > k) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

/** Twice x ← (T − value)⁻¹·x, orthogonal to its neighbours, of length 1, from a vector that favours none. */
function eigenvector(t: Tridiagonal, value: number, norm: number, others: readonly Float64Array[]): Float64Array {
  const n = t.d.length;
  const random = new Random(n, "init", others.length);
  const x = Float64Array.from({ length: n }, () => random.normal());
  const solve = factor(t, value, norm);
  for (let pass = 0; pass < 2; pass++) {
    solve(x);
    const largest = x.reduce((max, y) => Math.max(max, Math.abs(y)), 0);
    for (let i = 0; i < n; i++) x[i] /= largest; // so that squares do not overflow
    for (const other of others) {
      const along = dot(x, other, n);
      for (let i = 0; i < n; i++) x[i] -= along * other[i];
    }
    const length = Math.sqrt(dot(x, x, n));
    for (let i = 0; i < n; i++) x[i] /= length;
  }
  return x;
}

/** Elimination of T − value with row exchanges; a pivot of zero is replaced by rounding. */
function factor({ d, e }: Tridiagonal, value: number, norm: number): (x: Float64Array) => void {
  const n = d.length;
  const tiny = Number.EPSILON * norm || 1;
  const pivot = d.map((x) => x - value);
  const [above, second, share] = [0, 0, 0].map(() => new Float64Array(n)); // U's next two diagonals, L's multipliers
  const exchanged = new Uint8Array(n);
  for (let i = 0; i + 1 < n; i++) above[i] = e[i + 1];
  for (let i = 0; i + 1 < n; i++) {
    const below = e[i + 1];
    if (Math.abs(pivot[i]) >= Math.abs(below)) {
      if (pivot[i] === 0) pivot[i] = tiny;
      share[i] = below / pivot[i];
      pivot[i + 1] -= share[i] * above[i];
    } else {
      exchanged[i] = 1;
      share[i] = pivot[i] / below;
      pivot[i] = below;
      const [x, y] = [above[i], pivot[i + 1]];
      above[i] = y;
      pivot[i + 1] = x - share[i] * y;
      second[i] = above[i + 1];
      above[i + 1] *= -share[i];
    }
  }
  for (let i = 0; i < n; i++) if (Math.abs(pivot[i]) < tiny) pivot[i] = pivot[i] < 0 ? -tiny : tiny;
  return (x) => {
    for (let i = 0; i + 1 < n; i++) {
      const next = x[i + 1];
      if (exchanged[i]) {
        x[i + 1] = x[i] - share[i] * next;
        x[i] = next;
      } else x[i + 1] = next - share[i] * x[i];
    }
    for (let i = n - 1; i >= 0; i--)
      x[i] = (x[i] - (above[i] ?? 0) * (x[i + 1] ?? 0) - (second[i] ?? 0) * (x[i + 2] ?? 0)) / pivot[i];
  };
}

/** Eigenvectors of T to those of A: x ← Q·x. */
function reflect({ v, beta }: Tridiagonal, vectors: readonly Float64Array[]): void {
  const n = beta.length;
  for (let i = 2; i < n; i++) {
    const axis = v.subarray(i * n, i * n + i);
    for (const x of vectors) {
      const along = beta[i] * dot(axis, x, i);
      for (let r = 0; r < i; r++) x[r] -= along * axis[r];
    }
  }
}
