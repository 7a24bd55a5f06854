/** A Cast to the element type of another value, of which nothing else is looked at. Since opset 15. */
import { int, oneOf } from "../../graph/op.ts";
import type { Expansion } from "./expansion.ts";

export const CastLike: Expansion = {
  inputs: [2, 2],
  /** How 8-bit floats are rounded says nothing of the types that Espalier holds. */
  attrs: { saturate: int(1), round_mode: oneOf("up", "down", "nearest") },
  emit: (g, { in: [x, like] }) => [g.Cast(x!, { to: like!.dtype })],
};
