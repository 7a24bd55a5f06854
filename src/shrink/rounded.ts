/** Widths that are multiples of a number, which kernels run faster: some channels stay that could go. */
import type { Analysis } from "./analysis.ts";
import type { Removed } from "./removed.ts";

/**
 * Keeps as many channels of each width that loses some as it takes to a multiple of n, at most all; the first ones of those that could
 * go. What keeps a channel in one tensor keeps it in all, so this is gone through until nothing changes.
 */
export function keepMultiples({ channels }: Analysis, remove: Removed, n: number): void {
  if (n === 1) return;
  for (let before = -1; before !== remove.size; ) {
    before = remove.size;
    for (const [v, { root }] of channels.stored)
      if (v === root)
        v.shape.forEach((_, axis) => {
          const classes = channels.of(v, axis);
          if (classes && new Set(classes).size === classes.length) roundUp(classes, v.name, remove, n); // else they are counted elsewhere
        });
  }
}

function roundUp(classes: Int32Array, name: string, remove: Removed, n: number): void {
  const kept = () => classes.reduce((k, c) => k + (remove.has(c) ? 0 : 1), 0);
  const why = `it makes the width a multiple of ${n}`;
  let left = kept();
  if (left === 0) return;
  for (const c of classes) {
    if (left % n === 0 || left === classes.length) return;
    if (!remove.has(c)) continue;
    remove.keep(c, { op: "", name, why });
    left = kept();
  }
}
