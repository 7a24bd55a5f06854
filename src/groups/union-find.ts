/** Disjoint sets of integers; the representative of a set is its smallest member. */
export class UnionFind {
  private parent = new Int32Array(1024);
  private count = 0;

  /** n new singletons, returned as consecutive integers. */
  fresh(n: number): Int32Array {
    const first = this.count;
    this.count += n;
    if (this.count > this.parent.length) {
      const longer = new Int32Array(Math.max(this.count, 2 * this.parent.length));
      longer.set(this.parent);
      this.parent = longer;
    }
    const made = new Int32Array(n);
    for (let i = 0; i < n; i++) made[i] = this.parent[first + i] = first + i;
    return made;
  }

  find(x: number): number {
    const { parent } = this;
    let root = x;
    while (parent[root] !== root) root = parent[root];
    for (let at = x; parent[at] !== root; ) {
      const next = parent[at];
      parent[at] = root;
      at = next;
    }
    return root;
  }

  union(a: number, b: number): void {
    const [p, q] = [this.find(a), this.find(b)];
    if (p < q) this.parent[q] = p;
    else this.parent[p] = q;
  }
}
