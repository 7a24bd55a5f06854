/**
 * Classes of indices that can only be removed together. An axis that stands for several at once (`[… H·d]`, which a Reshape takes
 * apart into heads and their width) has classes made of parts: such an index goes when any of its parts does, so that what is
 * left is still every head that stays at every index of it that stays.
 */
import { UnionFind } from "./union-find.ts";

export class Classes {
  private readonly sets = new UnionFind();
  /** Of a class that has parts, by its representative. */
  private readonly made = new Map<number, readonly number[]>();
  /** Classes that cannot go: they would have to go with what goes without them. */
  readonly stuck: number[] = [];

  /** n new classes, consecutive integers. */
  fresh(n: number): Int32Array {
    return this.sets.fresh(n);
  }

  find(c: number): number {
    return this.sets.find(c);
  }

  isWhole(c: number): boolean {
    return !this.made.has(this.find(c));
  }

  /** The parts of a class, the first ones first; of one that has none, itself. */
  parts(c: number): readonly number[] {
    const root = this.find(c);
    const made = this.made.get(root);
    return made ? [...new Set(made.flatMap((p) => this.parts(p)))] : [root];
  }

  /** A class of these parts. */
  compose(parts: readonly number[]): number {
    const own = [...new Set(parts.map((p) => this.find(p)))];
    if (own.length === 1) return own[0];
    const [c] = this.fresh(1);
    this.made.set(c, own);
    return c;
  }

  /** Makes a class without parts one of these, which are new. */
  divide(c: number, parts: readonly number[]): void {
    this.made.set(this.find(c), parts);
  }

  /** From now on both are one: they go together. */
  unite(a: number, b: number): void {
    const [p, q] = [this.find(a), this.find(b)];
    if (p === q) return;
    const own = this.made.size > 0 ? this.agree(p, q) : undefined;
    this.made.delete(p);
    this.made.delete(q);
    this.sets.union(p, q);
    if (own) this.made.set(this.find(p), own);
  }

  /** Makes the parts of two classes the same. @returns those of both; undefined when they have none */
  private agree(p: number, q: number): readonly number[] | undefined {
    if (!this.made.has(p) && !this.made.has(q)) return undefined;
    const [ps, qs] = [this.parts(p), this.parts(q)];
    const more = ps.filter((c) => !qs.includes(c));
    const less = qs.filter((c) => !ps.includes(c));
    if (more.length === 0 || less.length === 0) {
      this.stuck.push(...more, ...less);
      const both = more.length === 0 ? ps : qs;
      return both[0] === p || both[0] === q ? undefined : both;
    }
    if (!this.made.has(p)) return qs;
    if (!this.made.has(q)) return ps;
    while (more.length > 1 && less.length > 1) this.unite(more.shift()!, less.shift()!);
    if (more.length === 1 && less.length === 1) this.unite(more[0], less[0]);
    else if (more.length === 1) this.divide(more[0], less);
    else this.divide(less[0], more);
    return this.parts(p);
  }
}
