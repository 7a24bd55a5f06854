/** Nodes in topological order, by names. Linear in the size of the graph. */
import { EspalierError } from "../error.ts";

interface Wired {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * The nodes so that each reads only what stands before it; already sorted nodes keep their order.
 * @param given names of graph inputs and initializers
 * @throws EspalierError when a name is made twice or never, or the graph has a cycle
 */
export function inOrder<T extends Wired>(nodes: readonly T[], given: Iterable<string>): T[] {
  const ready = new Set(given);
  const maker = new Map<string, T>();
  for (const n of nodes)
    for (const o of n.outputs) {
      if (!o) continue;
      if (maker.has(o) || ready.has(o))
        throw new EspalierError("invalid-file", "a value is made twice", {
          value: o,
          node: n.name,
          also: maker.get(o)?.name ?? "an input",
        });
      maker.set(o, n);
    }
  const missing = new Map<T, number>();
  const waiting = new Map<string, T[]>();
  for (const n of nodes) {
    const open = new Set(n.inputs.filter((x) => x && !ready.has(x)));
    for (const x of open) {
      if (!maker.has(x))
        throw new EspalierError("invalid-file", "a node reads a value that nothing makes", {
          node: n.name,
          operator: n.op,
          reads: x,
        });
      const list = waiting.get(x);
      if (list) list.push(n);
      else waiting.set(x, [n]);
    }
    missing.set(n, open.size);
  }
  if (isSorted(nodes, ready)) return [...nodes];
  const sorted = nodes.filter((n) => missing.get(n) === 0);
  for (const n of sorted)
    for (const o of n.outputs)
      for (const reader of waiting.get(o) ?? []) {
        const left = missing.get(reader)! - 1;
        missing.set(reader, left);
        if (left === 0) sorted.push(reader);
      }
  if (sorted.length < nodes.length) {
    const stuck = nodes.find((n) => missing.get(n)! > 0)!;
    throw new EspalierError("invalid-file", "the graph has a cycle", {
      node: stuck.name,
      operator: stuck.op,
      reads: stuck.inputs.join(", "),
    });
  }
  return sorted;
}

function isSorted(nodes: readonly Wired[], given: ReadonlySet<string>): boolean {
  const ready = new Set(given);
  return nodes.every((n) => {
    const ok = n.inputs.every((x) => !x || ready.has(x));
    for (const o of n.outputs) ready.add(o);
    return ok;
  });
}
