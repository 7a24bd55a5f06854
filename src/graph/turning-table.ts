/** Tables of rotary embeddings: the sines or cosines of an angle that grows by the same amount from row to row. */
import type { Tensor } from "./types.ts";

/** So many rows are looked at, and must be there: fewer may fit by chance. */
const [FEWEST_ROWS, MOST_ROWS] = [8, 64];
/** How far float32 may be off, as a share of a column's largest number; where the second row is smaller than that, nothing can be told. */
const [ROUNDING, LEAST] = [1e-3, 5e-3];
/** A column that turns less may be constant, or a slope. */
const STILL = 1e-4;

/**
 * Whether every column follows x[r + 1] = 2·cos θ·x[r] − x[r − 1] with a θ of its own, and one of them turns. Tables of sines and
 * cosines do, scaled or not; tables that learn, or are drawn at random, do not.
 */
export function turns({ dtype, shape, data }: Tensor): boolean {
  const [rows, columns] = shape;
  if (dtype !== "float32" || shape.length !== 2 || rows < FEWEST_ROWS) return false;
  const x = data as Float32Array;
  const looked = Math.min(rows, MOST_ROWS);
  let turning = false;
  for (let j = 0; j < columns; j++) {
    const column = Array.from({ length: looked }, (_, r) => x[r * columns + j]);
    const most = Math.max(...column.map(Math.abs));
    if (Math.abs(column[1]) <= LEAST * most) continue;
    const factor = (column[0] + column[2]) / column[1];
    const follows = (r: number) => Math.abs(column[r + 1] + column[r - 1] - factor * column[r]) <= ROUNDING * most;
    for (let r = 2; r + 1 < looked; r++) if (!follows(r)) return false;
    turning ||= Math.abs(factor - 2) > STILL;
  }
  return turning;
}
