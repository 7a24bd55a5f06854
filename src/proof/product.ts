/** Matrix products, Σ_k A[m, k] · B[k, n]: what is known of them, and what they need. */
import { size } from "../graph/tensor.ts";
import type { Shape } from "../graph/types.ts";
import { factorKind, factorLevel, KIND, KINDS, Sum } from "./contraction.ts";
import { spend } from "./effort.ts";
import { type Fact, isZero, known, met, weightOf } from "./fact.ts";
import { NEED, type Need } from "./rules/rule.ts";

/** A factor: the field of a matrix, or of its transpose. An axis along which it is alike may be stored once. */
export interface Factor {
  readonly fact: Fact;
  readonly turned: boolean;
}

/** Two factors as matrices. */
export interface Product {
  readonly a: Factor;
  readonly b: Factor;
  /** Number of terms in a sum. */
  readonly terms: number;
  /** What every term is multiplied by. */
  readonly scale: number;
}

/** A field that is a matrix as it is. */
export const upright = (fact: Fact): Factor => ({ fact, turned: false });

/** A matrix in a row: element (i, j) stands at i · down + j · along. */
interface Laid {
  readonly rows: number;
  readonly columns: number;
  readonly down: number;
  readonly along: number;
}

function laid([m, n]: Shape, turned: boolean): Laid {
  const [first, second] = [m === 1 ? 0 : n, n === 1 ? 0 : 1];
  return turned
    ? { rows: n, columns: m, down: second, along: first }
    : { rows: m, columns: n, down: first, along: second };
}

/** The last two axes of a value, as far as they are alike at every index of the axes before; a vector is a row or a column. */
export function matrix(k: Fact, whole: Shape, vector: "row" | "column"): Fact {
  if (whole.length === 1) return { ...k, shape: vector === "row" ? [1, k.shape[0]] : [k.shape[0], 1] };
  const batch = whole.slice(0, -2).map((_, i) => i);
  return { ...met(k, batch), shape: k.shape.slice(-2) };
}

/** So many terms at a time, whose needs the processor's cache holds in whichever way a matrix is laid. */
const TILE = 64;

/** A sum is often known to be unknown after a few terms, so terms are counted in steps of this many. */
const CHUNK = 1024;

/** @param bias what is added to each sum, [m, n] or broadcast */
export function productKnown(p: Product, unit: number, bias?: { readonly field: Fact; readonly scale: number }): Fact {
  const { a, b, terms, scale } = p;
  const [left, right] = [laid(a.fact.shape, a.turned), laid(b.fact.shape, b.turned)];
  const added = bias ? laid(bias.field.shape, false) : undefined;
  const shape = [Math.max(left.rows, added?.rows ?? 1), Math.max(right.columns, added?.columns ?? 1)];
  spend(8 * size(shape));
  const value = new Float64Array(size(shape));
  const error = new Float64Array(value.length);
  for (let m = 0, i = 0; m < shape[0]; m++)
    for (let n = 0; n < shape[1]; n++, i++) {
      const sum = new Sum();
      const [from, to] = [m * left.down, n * right.along];
      for (let k = 0; k < terms && !sum.failed; k++) {
        if (k % CHUNK === 0) spend(Math.min(CHUNK, terms - k));
        sum.addProduct(b.fact, k * right.down + to, a.fact, from + k * left.along, scale);
      }
      if (bias && added) sum.addNumber(bias.field, m * added.down + n * added.along, bias.scale);
      [value[i], error[i]] = sum.result(unit);
    }
  return known(shape, value, error);
}

/**
 * What the factors are needed for, laid as they are. Terms of a sum that is itself only known for its constant are not.
 * @param need of the product
 */
export function productNeeds(p: Product, need: Need): { readonly a: Need; readonly b: Need } {
  const { a, b, terms, scale } = p;
  const [x, y] = [laid(a.fact.shape, a.turned), laid(b.fact.shape, b.turned)];
  const [M, N] = [Math.max(x.rows, need.shape[0]), Math.max(y.columns, need.shape[1])];
  spend(M * terms + terms * N);
  if (terms > 1 && x.columns === 1 && y.rows === 1) return likeTerms(p, need, [M, N]);
  const [left, right] = [emptyNeed(M, terms, a.turned), emptyNeed(terms, N, b.turned)];
  const [mine, its] = [left.level, right.level];
  const [met, of] = [laid(left.shape, a.turned), laid(right.shape, b.turned)];
  const wanted = laid(need.shape, false);
  const levels = levelsOf(a.fact, x, b.fact, y);
  const [ours, theirs] = [kinds(a.fact), kinds(b.fact)];
  const rows = new Rows(need);
  const columns = new Int32Array(N);
  for (let m = 0; m < M; m++) {
    const same = x.rows === 1 ? rows.first(m) : m;
    if (same < m) {
      for (let k = 0; k < terms; k++)
        left.level[m * met.down + k * met.along] = left.level[same * met.down + k * met.along];
      continue;
    }
    let live = 0;
    for (let n = 0; n < N; n++)
      if (scale !== 0 && need.level[m * wanted.down + n * wanted.along] === NEED.live) columns[live++] = n;
    spend(terms * live);
    for (let first = 0; first < terms; first += TILE)
      for (let i = 0; i < live; i++) {
        const n = columns[i];
        const last = Math.min(terms, first + TILE);
        let [a, b] = [m * x.down + first * x.along, first * y.down + n * y.along];
        let [p, q] = [m * met.down + first * met.along, first * of.down + n * of.along];
        for (let k = first; k < last; k++) {
          const level = levels[KINDS * ours[a] + theirs[b]];
          if (level > mine[p]) mine[p] = level;
          if (level > its[q]) its[q] = level;
          a += x.along;
          b += y.down;
          p += met.along;
          q += of.down;
        }
      }
  }
  return { a: left, b: right };
}

function emptyNeed(rows: number, columns: number, turned: boolean): Need {
  return { shape: turned ? [columns, rows] : [rows, columns], level: new Uint8Array(rows * columns) };
}

/** Of numbers without an error the kind is told at once: all weights of a model pass here, several times. */
function kinds(k: Fact): Uint8Array {
  const { value, error } = k;
  const found = new Uint8Array(value.length).fill(KIND.constant);
  if (error) for (let i = 0; i < found.length; i++) found[i] = factorKind(k, i);
  else
    for (let i = 0; i < found.length; i++)
      if (value[i] === 0) found[i] = KIND.zero;
      else if (Number.isNaN(value[i])) found[i] = KIND.unknown;
  return found;
}

/** What a term is needed for, by what is known of its factors. A constant folds when it is the same in every row (or column) of the other. */
function levelsOf(a: Fact, x: Laid, b: Fact, y: Laid): Uint8Array {
  const levels = new Uint8Array(KINDS * KINDS);
  const weight = weightOf([a, b]);
  for (let i = 0; i < KINDS; i++)
    for (let j = 0; j < KINDS; j++)
      if (weight === undefined) levels[KINDS * i + j] = i === KIND.zero || j === KIND.zero ? NEED.zero : NEED.live;
      else levels[KINDS * i + j] = weight ? factorLevel(j, i, x.rows === 1) : factorLevel(i, j, y.columns === 1);
  return levels;
}

/** Finds the first row that is needed as another is: the tokens of a text mostly are all alike. */
class Rows {
  private readonly seen = new Map<string, number>();
  private readonly need: Need;
  private before = -1;
  private same = 0;

  constructor(need: Need) {
    this.need = need;
  }

  /** To be asked row by row, in order. */
  first(m: number): number {
    const [M, N] = this.need.shape;
    if (M === 1) return 0;
    spend(N);
    if (this.before >= 0 && this.alike(this.before, m)) return this.same;
    const row = this.need.level.subarray(m * N, (m + 1) * N).join("");
    this.before = m;
    this.same = this.seen.get(row) ?? m;
    this.seen.set(row, this.same);
    return this.same;
  }

  private alike(p: number, q: number): boolean {
    const { shape, level } = this.need;
    for (let n = 0, i = p * shape[1], j = q * shape[1]; n < shape[1]; n++) if (level[i++] !== level[j++]) return false;
    return true;
  }
}

/** The same where all terms of a sum are alike, as those of two values of which nothing is known: one stands for all. */
function likeTerms(p: Product, need: Need, [M, N]: readonly [number, number]) {
  spend(M * N);
  const one = productNeeds({ ...p, terms: 1 }, need);
  const [a, b] = [emptyNeed(M, p.terms, p.a.turned), emptyNeed(p.terms, N, p.b.turned)];
  const [left, right] = [laid(a.shape, p.a.turned), laid(b.shape, p.b.turned)];
  for (let k = 0; k < p.terms; k++) {
    for (let m = 0; m < M; m++) a.level[m * left.down + k * left.along] = one.a.level[m];
    for (let n = 0; n < N; n++) b.level[k * right.down + n * right.along] = one.b.level[n];
  }
  return { a, b };
}

/** Some terms of each sum in which one factor is stored: `m` or `n` is made, `k` read. */
export function productTerms(
  { a, b, terms, scale }: Product,
  reads: ReadonlySet<number>,
  visit: (k: number, made: number, term: number) => void,
): void {
  const [left, right] = [laid(a.fact.shape, a.turned), laid(b.fact.shape, b.turned)];
  const weighs = weightOf([a.fact, b.fact]) === 1;
  const [x, w, made] = weighs ? [a.fact, b.fact, right.columns] : [b.fact, a.fact, left.rows];
  const uniform = (weighs ? left.rows : right.columns) === 1;
  for (let k = 0; k < terms; k++)
    for (let o = 0; reads.has(k) && o < made; o++) {
      const i = weighs ? k * right.down + o * right.along : o * left.down + k * left.along;
      const j = weighs ? k * left.along : k * right.down;
      const zero = isZero(w, i) || isZero(x, j) || scale === 0;
      visit(k, o, zero ? 0 : uniform ? scale * w.value[i] * x.value[j] : Number.NaN);
    }
}
