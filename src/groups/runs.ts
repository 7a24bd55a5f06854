/** Walks a tensor by channels: the innermost loop of everything that looks at weights. */
import type { Shape } from "../graph/types.ts";

/** Row-major strides of the numbering that `axes` of `view` give; 0 for the other axes. */
function numbering(view: Shape, axes: readonly number[]): number[] {
  const strides = view.map(() => 0);
  let stride = 1;
  for (const a of [...axes].reverse()) {
    strides[a] = stride;
    stride *= view[a];
  }
  return strides;
}

/**
 * Visits the elements of a tensor in memory order as runs that lie in one channel of either numbering.
 * @param view the tensor's shape, or a reshape of it
 * @param p, q axes whose indices, in row-major order, number the channels; may be empty (then the number is 0)
 * @param visit called with both channel numbers and the run [start, end) of flat element indices
 */
export function eachRun(
  view: Shape,
  p: readonly number[],
  q: readonly number[],
  visit: (p: number, q: number, start: number, end: number) => void,
): void {
  const [sp, sq] = [numbering(view, p), numbering(view, q)];
  const named = Math.max(-1, ...p, ...q) + 1; // axes after the last named one form the run
  const run = view.slice(named).reduce((n, d) => n * d, 1);
  let at = 0;
  const loop = (axis: number, i: number, j: number): void => {
    if (axis === named) {
      visit(i, j, at, at + run);
      at += run;
    } else for (let k = 0; k < view[axis]; k++, i += sp[axis], j += sq[axis]) loop(axis + 1, i, j);
  };
  if (run > 0) loop(0, 0, 0);
}

/** One byte per channel of a view: 1 = every element of it is exactly zero (−0 counts as zero). */
export function zeroChannels(data: ArrayLike<number | bigint>, view: Shape, axes: readonly number[]): Uint8Array {
  const zero = new Uint8Array(axes.reduce((n, a) => n * view[a], 1)).fill(1);
  if (axes.length === 1) {
    const inner = view.slice(axes[0] + 1).reduce((n, d) => n * d, 1);
    const n = zero.length;
    for (let at = 0; at < data.length; )
      for (let c = 0; c < n; c++, at += inner)
        for (let i = at; zero[c] === 1 && i < at + inner; i++) if (Number(data[i]) !== 0) zero[c] = 0;
    return zero;
  }
  eachRun(view, axes, [], (c, _, start, end) => {
    for (let i = start; zero[c] === 1 && i < end; i++) if (Number(data[i]) !== 0) zero[c] = 0;
  });
  return zero;
}
