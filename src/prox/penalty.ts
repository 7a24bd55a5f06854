/** What a penalty is: its value and its proximal map side by side, so that one checks the other. */

import type { Builder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/groups.ts";
import type { Weights } from "../groups/slices.ts";

/** A penalty attached to one model. */
export interface BoundPenalty {
  /** The groups it drives to zero; empty when it has none. */
  readonly sets: readonly GroupSet[];
  /** ψ(w), a scalar. */
  value(g: Builder, w: Weights): Value;
  /** argmin_u ½‖u − w‖² + step·ψ(u). Returns the parameters it changes. `step` is a scalar. */
  prox(g: Builder, w: Weights, step: Value): Map<Value, Value>;
  /**
   * argmin_u ½ Σᵢ dᵢ(uᵢ − wᵢ)² + step·ψ(u) for a diagonal metric d > 0, in the parameters' shapes.
   * Absent: this penalty has no solution in a metric, and optimizers that need one refuse it.
   */
  proxInMetric?(g: Builder, w: Weights, metric: Weights, step: Value): Map<Value, Value>;
}

/** A penalty, before it meets a model. */
export interface Penalty {
  readonly name: string;
  /** Resolved options, for run.json and for comparing a resumed run. */
  readonly options: Readonly<Record<string, unknown>>;
  bind(graph: Graph): BoundPenalty;
}
