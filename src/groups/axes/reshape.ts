/** Reshape as index maps: which axes of the old shape make which axes of the new one. */
import { size } from "../../graph/tensor.ts";
import type { Shape } from "../../graph/types.ts";
import { indexPairs, inputEnd, outputEnd, type TakenApart, type Tie, tie } from "./rule.ts";

/** Runs of axes with equal products, as short as possible; axes of size 1 are left out. */
function blocks(from: Shape, to: Shape): { from: number[]; to: number[] }[] {
  const a = from.flatMap((d, i) => (d === 1 ? [] : [i]));
  const b = to.flatMap((d, i) => (d === 1 ? [] : [i]));
  const found: { from: number[]; to: number[] }[] = [];
  while (a.length && b.length) {
    const block = { from: [a.shift()!], to: [b.shift()!] };
    let p = from[block.from[0]];
    let q = to[block.to[0]];
    while (p !== q) {
      if (p < q) {
        block.from.push(a.shift()!);
        p *= from[block.from.at(-1)!];
      } else {
        block.to.push(b.shift()!);
        q *= to[block.to.at(-1)!];
      }
    }
    found.push(block);
  }
  return found;
}

/** The first axes of two runs: an index of the shorter one is a whole block of the longer one. */
function leading(a: number, b: number, at: number, to: number): Tie[] {
  const most = Math.max(a, b);
  if (most % a !== 0 || most % b !== 0) return [];
  const own = indexPairs(
    most,
    (k) => Math.floor(k / (most / a)),
    (k) => Math.floor(k / (most / b)),
  );
  return [tie(inputEnd(0, at), outputEnd(to), own)];
}

/**
 * An axis that stays is tied one to one. Axes that merge: index j of the merged axis belongs to index (j / inner) mod d
 * of the old one. An axis that splits is tied to its first part: a whole block belongs to each index. Where the first part is taken
 * apart behind it (queries, keys and values side by side), it is tied to the second: heads are what all three have in common.
 * Of several axes that become several others, the first ones are tied where one divides the other; the rest are mixed.
 */
export function reshapeTies(from: Shape, to: Shape, apart: TakenApart = () => false): Tie[] {
  if (size(from) === 0) return [];
  return blocks(from, to).flatMap((block) => {
    const n = size(block.from.map((i) => from[i]));
    if (block.to.length === 1) {
      if (block.from.length === 1) return [tie(inputEnd(0, block.from[0]), outputEnd(block.to[0]))];
      return block.from.map((axis, k) => {
        const inner = size(block.from.slice(k + 1).map((i) => from[i]));
        const own = indexPairs(
          n,
          (j) => Math.floor(j / inner) % from[axis],
          (j) => j,
        );
        return { ...tie(inputEnd(0, axis), outputEnd(block.to[0]), own), merged: true };
      });
    }
    if (block.from.length > 1) return leading(from[block.from[0]], to[block.to[0]], block.from[0], block.to[0]);
    const part = Math.max(
      block.to.findIndex((axis) => !apart(axis)),
      0,
    );
    const chosen = block.to[part];
    const inner = size(block.to.slice(part + 1).map((i) => to[i]));
    const own = indexPairs(
      n,
      (j) => j,
      (j) => Math.floor(j / inner) % to[chosen],
    );
    return [tie(inputEnd(0, block.from[0]), outputEnd(chosen), own)];
  });
}
