/** What a penalty is: its value and its proximal map side by side, so that one checks the other. */

import type { Builder } from "../graph/builder.ts";
import type { Graph, Shape, Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import type { Weights } from "../groups/slices.ts";
import type { Tensors } from "../groups/zeros.ts";
import type { Words } from "../message.ts";
import type { Way } from "../ways.ts";
import type { ChannelTime } from "./time-weights.ts";

/** What a penalty adds to the metrics of an epoch. */
export interface PenaltyMetrics {
  /** With a penalty on singular values: how many of each weight its last proximal step kept, at the sparse point. */
  readonly ranks?: Readonly<Record<string, number>>;
  /** With `ranks`: singular values that are zero / all of them. */
  readonly lowRankLevel?: number;
}

/** What a prox on the host made of a parameter. */
export interface HostMove {
  readonly data: Float32Array;
  /** Of `data`, as a matrix. */
  readonly rank: number;
}

/** A parameter whose move an engine finds from what the last step knew of it; the host's own is what it is held against. */
export interface Tracked {
  readonly param: Value;
  /** Its shape as a matrix. */
  readonly shape: Shape;
  /** Shape of what is carried from step to step, as a part of the state. It is zeros where nothing is known. */
  readonly basis: Shape;
  matrixOf(w: Float32Array): Float32Array;
  tensorOf(matrix: Float32Array): Float32Array;
  /** `residual`: about how far `moved` is from what `apply` makes, relative to it. */
  emit(
    g: Builder,
    matrix: Value,
    basis: Value,
    step: Value,
  ): { readonly moved: Value; readonly basis: Value; readonly rank: Value; readonly residual: Value };
  /** What is carried, made anew of the matrix alone. */
  basisOf(matrix: Float32Array): Float32Array;
}

/** A proximal map that no graph can hold. */
export interface HostProx {
  /** The parameters that it changes; the graph leaves them to it. */
  readonly params: readonly Value[];
  /** Those of them that cost enough for an engine to follow them. */
  readonly tracked?: readonly Tracked[];
  /** argmin_u ½‖u − w‖² + step·ψ(u) for one of them. `w` is not written to. */
  apply(param: Value, w: Float32Array, step: number): HostMove;
  /** The share of one of them in ψ. */
  value(param: Value, w: Float32Array): number;
  /** What an epoch's metrics tell of the moves of its last step; of an averaging optimizer, at the point inside the prox. */
  metrics(moves: ReadonlyMap<Value, HostMove>): PenaltyMetrics;
}

/** A penalty attached to one model. */
export interface BoundPenalty {
  /** The groups it drives to zero; empty when it has none. */
  readonly sets: readonly GroupSet[];
  /** The groups whose zeros are measured, where they do not die one by one as `sets` do. */
  readonly counted?: readonly GroupSet[];
  /** What it leaves alone, for the user to know. */
  readonly notes?: readonly Words[];
  /**
   * What a unit step at λ = 1 takes off the norm of a group while it is small, for every group of a set: [count]. Absent where no such
   * number tells when a group becomes zero.
   */
  pull?(set: GroupSet): Float64Array;
  /** How many groups of a set survive at least. Absent: none need to. */
  floor?(set: GroupSet): number;
  /** ψ(w), a scalar. Absent where `hostProx` has it. */
  value?(g: Builder, w: Weights): Value;
  /**
   * argmin_u ½‖u − w‖² + step·ψ(u). Returns the parameters it changes. `step` is a scalar; so is `share`, for a
   * penalty that no step can scale: the part of it that counts (1 when it is not warmed up), or, where the next step begins from
   * the point that the prox returned, the part that is new, 1 − (1 − share)/(1 − share before).
   */
  prox(g: Builder, w: Weights, step: Value, share: Value): Map<Value, Value>;
  /** argmin_u ½ Σᵢ dᵢ(uᵢ − wᵢ)² + step·ψ(u) for a diagonal metric d > 0, in the parameters' shapes. With the way "metric". */
  proxInMetric?(g: Builder, w: Weights, metric: Weights, step: Value, share: Value): Map<Value, Value>;
  /** ∇ψ(w), 0 for groups that are zero. Returns the parameters where it is not. With the way "gradient". */
  gradient?(g: Builder, w: Weights): Map<Value, Value>;
  /** What is not yet as the penalty wants it in weights that a run ended with, a sentence each. */
  shortfalls?(weights: Tensors): Words[];
  /** With the way "host", beside a `prox` that changes nothing. */
  readonly hostProx?: HostProx;
}

/** A penalty, before it meets a model. */
export interface Penalty {
  readonly name: string;
  /** Resolved options, for run.json and for comparing a resumed run. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly ways: readonly Way[];
  /** @param times of a run that is steered to a time: what channels save of it, for a penalty that weighs groups by that */
  bind(graph: Graph, times?: readonly ChannelTime[]): BoundPenalty;
}
