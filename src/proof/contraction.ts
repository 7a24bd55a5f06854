/**
 * Sums of products. A term of the sum is needed unless it is always zero, or a constant that can move into the bias: a
 * stored weight times a constant, the same at every position. What each of its two factors is needed for is the same.
 */
import { type Fact, isConstant, isZero } from "./fact.ts";
import { NEED } from "./rules/rule.ts";

/** What is known of a factor, as far as a term asks. */
export const KIND = { zero: 0, constant: 1, unknown: 2 } as const;
export const KINDS = 3;

export const factorKind = (k: Fact, i: number): number =>
  isZero(k, i) ? KIND.zero : isConstant(k, i) ? KIND.constant : KIND.unknown;

/** How a term of a sum that is needed itself needs its factors. @param w, x their kinds @param folds whether a constant could move into the bias */
export function factorLevel(w: number, x: number, folds: boolean): number {
  if (w === KIND.zero) return NEED.unread;
  if (x === KIND.zero) return NEED.zero;
  return folds && x === KIND.constant ? NEED.constant : NEED.live;
}

/** The same of elements. */
export const termLevel = (w: Fact, i: number, x: Fact, j: number, folds: boolean): number =>
  factorLevel(factorKind(w, i), factorKind(x, j), folds);

/** A sum as it is built up. */
export class Sum {
  private value = 0;
  private error = 0;
  private size = 0;
  private terms = 0;

  /** Whether a term was added of which nothing is known. */
  get failed(): boolean {
    return Number.isNaN(this.value);
  }

  /** A term of which nothing is known. */
  fail(): void {
    this.value = Number.NaN;
  }

  /** A product; it is zero where one factor is exactly zero, whatever the other. */
  addProduct(w: Fact, i: number, x: Fact, j: number, scale = 1): void {
    if (scale === 0 || isZero(w, i) || isZero(x, j)) return;
    const [a, b] = [w.value[i], x.value[j]];
    const [d, e] = [w.error?.[i] ?? 0, x.error?.[j] ?? 0];
    this.add(scale * a * b, Math.abs(scale) * (Math.abs(a) * e + Math.abs(b) * d + d * e));
    this.terms++; // the product itself is rounded
  }

  /** A number as it is, or scaled. */
  addNumber(b: Fact, i: number, scale = 1): void {
    if (scale === 0 || isZero(b, i)) return;
    this.add(scale * b.value[i], Math.abs(scale) * (b.error?.[i] ?? 0));
    if (scale !== 1) this.terms++;
  }

  /** The number, and how far float arithmetic in whatever order may be from it. A number alone is exact. */
  result(unit: number): readonly [number, number] {
    if (!Number.isFinite(this.value) || !Number.isFinite(this.error)) return [Number.NaN, 0];
    return [this.value, this.error + (this.terms > 1 ? (this.terms + 2) * unit * this.size : 0)];
  }

  private add(value: number, error: number): void {
    this.value += value;
    this.error += error;
    this.size += Math.abs(value);
    this.terms++;
  }
}
