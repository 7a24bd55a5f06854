/** Matrix products, Σ_k A[m, k] · B[k, n]: what is known of them, and what they need. */
import { size } from "../graph/tensor.ts";
import type { Shape } from "../graph/types.ts";
import { Sum, termLevel } from "./contraction.ts";
import { spend } from "./effort.ts";
import { type Fact, isZero, known, met } from "./fact.ts";
import { NEED, type Need } from "./rules/rule.ts";

/** Two factors as matrices; an axis along which one is alike may be stored once. */
export interface Product {
  readonly a: Fact;
  readonly b: Fact;
  /** Number of terms in a sum. */
  readonly terms: number;
  /** What every term is multiplied by. */
  readonly scale: number;
}

/** The last two axes of a value, as far as they are alike at every index of the axes before; a vector is a row or a column. */
export function matrix(k: Fact, whole: Shape, vector: "row" | "column"): Fact {
  if (whole.length === 1) return { ...k, shape: vector === "row" ? [1, k.shape[0]] : [k.shape[0], 1] };
  const batch = whole.slice(0, -2).map((_, i) => i);
  return { ...met(k, batch), shape: k.shape.slice(-2) };
}

/** Where an element stands in a matrix of which an axis may be stored once. */
const place = ([m, n]: Shape, i: number, j: number): number => (m === 1 ? 0 : i) * n + (n === 1 ? 0 : j);

/** A sum is often known to be unknown after a few terms, so terms are counted in steps of this many. */
const CHUNK = 1024;

/** @param bias what is added to each sum, [m, n] or broadcast */
export function productKnown(p: Product, unit: number, bias?: { readonly field: Fact; readonly scale: number }): Fact {
  const { a, b, terms, scale } = p;
  const [M, N] = bias ? bias.field.shape : [1, 1];
  const shape = [Math.max(a.shape[0], M), Math.max(b.shape[1], N)];
  spend(8 * size(shape));
  const value = new Float64Array(size(shape));
  const error = new Float64Array(value.length);
  for (let m = 0, i = 0; m < shape[0]; m++)
    for (let n = 0; n < shape[1]; n++, i++) {
      const sum = new Sum();
      for (let k = 0; k < terms && !sum.failed; k++) {
        if (k % CHUNK === 0) spend(Math.min(CHUNK, terms - k));
        sum.addProduct(b, place(b.shape, k, n), a, place(a.shape, m, k), scale);
      }
      if (bias) sum.addNumber(bias.field, place(bias.field.shape, m, n), bias.scale);
      [value[i], error[i]] = sum.result(unit);
    }
  return known(shape, value, error);
}

/** What the factors are needed for. Terms of a sum that is itself only known for its constant are not. */
export function productNeeds({ a, b, terms, scale }: Product, need: Need): { readonly a: Need; readonly b: Need } {
  const [M, N] = [Math.max(a.shape[0], need.shape[0]), Math.max(b.shape[1], need.shape[1])];
  spend(M * terms + terms * N);
  const left = { shape: [M, terms], level: new Uint8Array(M * terms) };
  const right = { shape: [terms, N], level: new Uint8Array(terms * N) };
  if (terms > 1 && a.shape[1] === 1 && b.shape[0] === 1) return likeTerms({ a, b, terms, scale }, need, [M, N]);
  const alike = new Map<string, number>();
  for (let m = 0; m < M; m++) {
    const same = a.shape[0] === 1 ? rowLike(need, m, alike) : m;
    if (same < m) {
      left.level.copyWithin(m * terms, same * terms, (same + 1) * terms);
      continue;
    }
    for (let n = 0; n < N; n++) {
      if (need.level[place(need.shape, m, n)] !== NEED.live || scale === 0) continue;
      spend(terms);
      for (let k = 0; k < terms; k++) {
        const level = factorLevel(a, place(a.shape, m, k), b, place(b.shape, k, n));
        const [i, j] = [m * terms + k, k * N + n];
        if (level > left.level[i]) left.level[i] = level;
        if (level > right.level[j]) right.level[j] = level;
      }
    }
  }
  return { a: left, b: right };
}

/** The first row that is needed as this one is: the tokens of a text mostly are all alike. */
function rowLike({ shape: [M, N], level }: Need, m: number, seen: Map<string, number>): number {
  if (M === 1) return 0;
  spend(N);
  const row = level.subarray(m * N, (m + 1) * N).join("");
  const first = seen.get(row) ?? m;
  seen.set(row, first);
  return first;
}

/** The same where all terms of a sum are alike, as those of two values of which nothing is known: one stands for all. */
function likeTerms({ a, b, terms, scale }: Product, need: Need, [M, N]: readonly [number, number]) {
  spend(M * N);
  const { a: left, b: right } = productNeeds({ a, b, terms: 1, scale }, need);
  return {
    a: {
      shape: [M, terms],
      level: Uint8Array.from({ length: M * terms }, (_, i) => left.level[Math.floor(i / terms)]),
    },
    b: { shape: [terms, N], level: Uint8Array.from({ length: terms * N }, (_, i) => right.level[i % N]) },
  };
}

/** The terms of each sum in which one factor is stored: `m` or `n` is made, `k` read. */
export function productTerms(
  { a, b, terms, scale }: Product,
  visit: (k: number, made: number, term: number) => void,
): void {
  const [x, w, made] = b.stored ? [a, b, b.shape[1]] : [b, a, a.shape[0]];
  const uniform = (b.stored ? a.shape[0] : b.shape[1]) === 1;
  for (let k = 0; k < terms; k++)
    for (let o = 0; o < made; o++) {
      const i = b.stored ? place(w.shape, k, o) : place(w.shape, o, k);
      const j = b.stored ? place(x.shape, 0, k) : place(x.shape, k, 0);
      const zero = isZero(w, i) || isZero(x, j) || scale === 0;
      visit(k, o, zero ? 0 : uniform ? scale * w.value[i] * x.value[j] : Number.NaN);
    }
}

/** The stored factor is the weight. A constant folds when it is the same in every row (or column) of the other. */
function factorLevel(a: Fact, i: number, b: Fact, j: number): number {
  if (b.stored && !a.stored) return termLevel(b, j, a, i, a.shape[0] === 1);
  if (a.stored && !b.stored) return termLevel(a, i, b, j, b.shape[1] === 1);
  return isZero(a, i) || isZero(b, j) ? NEED.zero : NEED.live;
}
