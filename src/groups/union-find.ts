/** Disjoint sets of integers; the representative of a set is its smallest member. */
export class UnionFind {
  private parent: number[] = [];

  /** n new singletons, returned as consecutive integers. */
  fresh(n: number): Int32Array {
    const first = this.parent.length;
    for (let i = 0; i < n; i++) this.parent.push(first + i);
    return Int32Array.from({ length: n }, (_, i) => first + i);
  }

  find(x: number): number {
    let root = x;
    while (this.parent[root] !== root) root = this.parent[root];
    while (this.parent[x] !== root) [this.parent[x], x] = [root, this.parent[x]];
    return root;
  }

  union(a: number, b: number): void {
    const [p, q] = [this.find(a), this.find(b)];
    if (p < q) this.parent[q] = p;
    else this.parent[p] = q;
  }
}
