/** Selection by rank, for masks and groups: exactly so many places, ties included. */
import type { Builder } from "../graph/builder.ts";
import { f32, i32Range } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";

/**
 * 1 at the `count` largest scores, 0 elsewhere; of equal scores the earlier ones are chosen.
 * @param scores [n]
 * @param most an upper bound of `count`, at most n: only so many are sorted
 * @param count int32 scalar; none is chosen when it is negative
 */
export function largest(g: Builder, scores: Value, most: number, count: Value): Value {
  const [, places] = g.TopK(scores, { k: most, axis: 0 });
  const chosen = g.Cast(g.Less(g.constant(i32Range(most)), count), { to: "float32" });
  const nothing = g.ConstantOfShape({ value: f32([0]), shape: scores.shape });
  return g.ScatterElements(nothing, places, chosen, { axis: 0 });
}

/** |w| where the mask is 1, −1 where it is 0: ranks what is outside last. `w` is 0 there. Flat. */
export function magnitudes(g: Builder, w: Value, mask: Value): Value {
  const n = w.shape.reduce((a, b) => a * b, 1);
  return g.Reshape(g.Add(g.Abs(w), g.Sub(mask, 1)), { shape: [n] });
}
