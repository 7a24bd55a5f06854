/** Products and transposes of row-major float64 matrices. */

type Numbers = Float32Array | Float64Array;

/** a [m, k] · b [k, n]. */
export function multiply(a: Numbers, b: Numbers, m: number, k: number, n: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) {
      const f = a[i * k + p];
      for (let j = 0, from = p * n, to = i * n; j < n; j++) c[to++] += f * b[from++];
    }
  return c;
}

/** a [m, n] → [n, m]. */
export function transpose(a: Numbers, m: number, n: number): Float64Array {
  const t = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) t[j * m + i] = a[i * n + j];
  return t;
}

/** The largest `rank` components of a decomposition, p · diag(sᵉ) · qᵀ, for p [m, k], q [n, k] and an exponent e. */
export function weave(
  p: Float64Array,
  q: Float64Array,
  s: Float64Array,
  { rank = s.length, power = 1 }: { rank?: number; power?: number } = {},
): Float64Array {
  const k = s.length;
  const [m, n] = [p.length / k, q.length / k];
  const weights = s.map((x) => x ** power);
  const scaled = p.map((x, i) => x * weights[i % k]);
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let r = 0, a = i * k, b = j * k; r < rank; r++) sum += scaled[a++] * q[b++];
      c[i * n + j] = sum;
    }
  return c;
}
