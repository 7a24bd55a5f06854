/** Windows, and channels, as rows of a matrix, so that a convolution is one matrix product. */
import type { Builder } from "../../graph/builder.ts";
import { reshape } from "../../graph/emit.ts";
import { i64, size } from "../../graph/tensor.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { grid, spatial } from "../../graph/windows.ts";

/**
 * Gathers x [N, C, s…] into the matrix [N·targets, taps·C] whose row holds, tap by tap, all channels of a position.
 * @param from spatial position of a target and a tap; undefined, or outside of x: zero
 */
export function rowsOf(
  g: Builder,
  x: Value,
  targets: Shape,
  kernel: Shape,
  from: (target: readonly number[], tap: readonly number[]) => readonly number[],
): Value {
  const [n, c] = x.shape;
  const source = spatial(x);
  const hole = size(source);
  const taps = grid(kernel);
  const index = grid(targets).flatMap((t) =>
    taps.map((q) => {
      const at = from(t, q);
      const inside = at.every((p, i) => Number.isInteger(p) && p >= 0 && p < source[i]);
      return inside ? at.reduce((flat, p, i) => flat * source[i] + p, 0) : hole;
    }),
  );
  const rows = g.Transpose(reshape(g, x, [n, c, hole]), { perm: [0, 2, 1] });
  const padded = index.includes(hole) ? g.Pad(rows, { pads: [0, 0, 0, 0, 1, 0] }) : rows;
  const isWhole = index.length === hole && index.every((at, i) => at === i); // as pointwise convolutions see it
  const gathered = isWhole ? rows : g.Gather(padded, g.constant(i64(index)), { axis: 1 });
  return reshape(g, gathered, [n * size(targets), taps.length * c]);
}

/** [N, C, s…] → [C, N·s…]: all positions of a channel as a row. */
export function channelRows(g: Builder, v: Value): Value {
  const [n, c] = v.shape;
  const places = size(spatial(v));
  return reshape(g, g.Transpose(reshape(g, v, [n, c, places]), { perm: [1, 0, 2] }), [c, n * places]);
}
