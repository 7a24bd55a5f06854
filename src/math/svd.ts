/**
 * Thin singular value decomposition in float64, by the eigenvectors U of the smaller Gram matrix (A·Aᵀ or Aᵀ·A, ml-matrix's
 * symmetric eigensolver): B = Uᵀ·A, s = the norms of B's rows, V = those rows normalized. So u·s·vᵀ gives A back to rounding
 * whatever the condition, and singular values are right to about 1e-14·s₁; vectors of values below 1e-7·s₁, which the float32
 * rounding of a weight makes anyhow, mix among themselves. ml-matrix's own SVD takes 4.2 s on 512×784, this 1.4 s.
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { EspalierError } from "../error.ts";

/** A = u · diag(s) · vᵀ with k = min(rows, columns) singular values. Matrices are row-major. */
export interface Svd {
  /** [rows, k]; orthonormal columns. A column that belongs to a zero singular value may be zero. */
  readonly u: Float64Array;
  /** [k], descending, never negative. */
  readonly s: Float64Array;
  /** [columns, k], as `u`. */
  readonly v: Float64Array;
}

/** Below this share of s₁ a singular value is rounding of float64 and is set to 0. */
const ZERO = 1e-15;

/**
 * Decomposes a matrix. Rows and columns that are exactly zero are exactly zero in u and v.
 * @param a row-major [rows, columns]
 * @throws EspalierError when an element is NaN or infinite
 */
export function svd(a: Float32Array | Float64Array, rows: number, columns: number): Svd {
  const bad = a.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0)
    throw new EspalierError(
      "not-finite",
      "a matrix with NaN or infinite elements has no singular values",
      { at: `[${Math.floor(bad / columns)}, ${bad % columns}] of [${rows}, ${columns}]`, got: String(a[bad]) },
      "training diverged: use a smaller lr",
    );
  const at = (i: number, j: number) => a[i * columns + j];
  const liveRows = range(rows).filter((i) => range(columns).some((j) => at(i, j) !== 0));
  const liveColumns = range(columns).filter((j) => liveRows.some((i) => at(i, j) !== 0));
  const wide = liveRows.length <= liveColumns.length;
  const [short, long] = wide ? [liveRows, liveColumns] : [liveColumns, liveRows];
  const scale = largest(a) || 1; // so that squares neither overflow nor vanish
  const dense = new Float64Array(short.length * long.length);
  for (const [p, i] of short.entries())
    for (const [q, j] of long.entries()) dense[p * long.length + q] = (wide ? at(i, j) : at(j, i)) / scale;

  const { vectors, images, norms, order } = decompose(dense, short.length, long.length);
  const k = Math.min(rows, columns);
  const s = new Float64Array(k);
  const [u, v] = [new Float64Array(rows * k), new Float64Array(columns * k)];
  const [shortSide, longSide] = wide ? [u, v] : [v, u];
  for (const [c, from] of order.entries()) {
    s[c] = norms[from] > ZERO * norms[order[0]] ? norms[from] * scale : 0;
    for (const [p, i] of short.entries()) shortSide[i * k + c] = vectors[p * short.length + from];
    if (s[c] > 0)
      for (const [q, j] of long.entries()) longSide[j * k + c] = images[from * long.length + q] / norms[from];
  }
  return { u, s, v };
}

function largest(a: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < a.length; i++) max = Math.max(max, Math.abs(a[i]));
  return max;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Eigenvectors of a·aᵀ as columns, their images uᵀ·a as rows, the images' norms, and the descending order of those. */
function decompose(a: Float64Array, m: number, n: number) {
  const vectors = m > 0 ? eigenvectors(gram(a, m, n), m) : new Float64Array(0);
  const images = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < m; j++) {
      const f = vectors[j * m + i];
      for (let q = 0, to = i * n, from = j * n; q < n; q++) images[to++] += f * a[from++];
    }
  const norms = range(m).map((i) => Math.sqrt(images.subarray(i * n, (i + 1) * n).reduce((sum, x) => sum + x * x, 0)));
  return { vectors, images, norms, order: range(m).sort((x, y) => norms[y] - norms[x]) };
}

/** a·aᵀ of a row-major [m, n], [m, m]; four columns at a time, which is twice as fast. */
export function gram(a: Float64Array, m: number, n: number): Float64Array {
  const g = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    const x = i * n;
    for (let j = i; j < m; j += 4) {
      const [y0, y1, y2, y3] = [0, 1, 2, 3].map((k) => Math.min(j + k, m - 1) * n);
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let q = 0; q < n; q++) {
        const f = a[x + q];
        s0 += f * a[y0 + q];
        s1 += f * a[y1 + q];
        s2 += f * a[y2 + q];
        s3 += f * a[y3 + q];
      }
      [s0, s1, s2, s3].slice(0, m - j).forEach((s, k) => {
        g[i * m + j + k] = s;
        g[(j + k) * m + i] = s;
      });
    }
  }
  return g;
}

/** Orthonormal eigenvectors of a symmetric matrix, as columns. */
function eigenvectors(g: Float64Array, m: number): Float64Array {
  const matrix = Matrix.from1DArray(m, m, g as unknown as number[]);
  const found = new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).eigenvectorMatrix;
  return Float64Array.from({ length: m * m }, (_, i) => found.get(Math.floor(i / m), i % m));
}
