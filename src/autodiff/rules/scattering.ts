/** The gradient of putting updates into a tensor, whichever way they are addressed and joined to what stands there. */
import type { Builder } from "../../graph/builder.ts";
import { ones } from "../../graph/emit.ts";
import type { Value } from "../../graph/types.ts";
import { zerosAs } from "./indexing.ts";

/** How updates are put. */
export type Put = "none" | "add" | "mul";

interface Scattering {
  readonly x: Value;
  readonly updates: Value;
  readonly y: Value;
  readonly dy: Value;
  readonly reduction: "none" | "add" | "mul" | "max" | "min";
  /** What stands at the places of the updates. */
  at(v: Value): Value;
  put(to: Value, updates: Value, how: Put): Value;
}

/** dx, nothing for the index, du. */
export function scatterBack(g: Builder, s: Scattering): [Value, null, Value] {
  const { x, updates: u, y, dy, reduction, at, put } = s;
  switch (reduction) {
    // y[index] = u  ⇒  du = dy[index]; dx = dy but where it was overwritten
    case "none":
      return [put(dy, zerosAs(g, u), "none"), null, at(dy)];
    case "add":
      return [dy, null, at(dy)];
    // y = x·Πu  ⇒  dx = dy·Πu; du = dy·x·(the product of the others), which is y/u where u is not 0
    case "mul": {
      const all = put(g.Add(zerosAs(g, x), 1), u, "mul");
      const isZero = ones(g, g.Equal(u, 0), u);
      const apart = g.Add(u, isZero);
      // the product without zeros, and how many zeros there are beside each
      const others = g.Div(at(put(g.Add(zerosAs(g, x), 1), apart, "mul")), apart);
      const zeros = g.Sub(at(put(zerosAs(g, x), isZero, "add")), isZero);
      const alone = ones(g, g.Equal(zeros, 0), u);
      return [g.Mul(dy, all), null, g.Mul(g.Mul(at(g.Mul(dy, x)), others), alone)];
    }
    // whoever is what came out gets it; several of them, equal shares
    default: {
      const kept = ones(g, g.Equal(x, y), x);
      const won = ones(g, g.Equal(u, at(y)), u);
      const share = g.Div(dy, put(kept, won, "add"));
      return [g.Mul(share, kept), null, g.Mul(at(share), won)];
    }
  }
}
