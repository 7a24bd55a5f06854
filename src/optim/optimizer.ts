/**
 * What an optimizer is: pure descriptions of graph nodes, and a pure host clock.
 *
 * One step: `propose` turns gradients into candidates (elementwise, tensor by tensor), then *one joint* proximal
 * step over groups that may span tensors, then `accept` turns candidates into the new parameters. Everything that
 * changes from step to step and is not a tensor — learning rate, averaging constant, accumulated weights — is a number
 * of the clock, fed as a graph input, so that a schedule never rebuilds a session. Steps that differ in more than numbers (the second
 * stage of HSPG, RigL's drop and grow) are further kinds of step over the same state; the clock says which one runs.
 */

import type { Builder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import type { Weights } from "../groups/slices.ts";
import type { Words } from "../message.ts";
import type { Moment, Schedule } from "./schedule.ts";

/** The clock's memory. Plain numbers; part of every checkpoint. */
export type ClockState = Readonly<Record<string, number>>;

/**
 * What a proximal step is made of: its size, or what this step adds to a sum over all steps since the last restart, and what the sum
 * is divided by (dual averaging). The warm-up of λ is no matter of an optimizer: see step/penalty-clock.ts.
 */
export type ProxStep = number | { readonly adds: number; readonly over: number };

/** What the clock says of one step. */
export interface Tick<N extends string = string> {
  readonly state: ClockState;
  /** The numbers this step feeds to the graph. */
  readonly numbers: Readonly<Record<N, number>>;
  /** The proximal step, before λ's warm-up; absent where no penalty is taken. */
  readonly prox?: ProxStep;
  /** Rebuild the slots by `init` from the current parameters before this step. */
  readonly restart: boolean;
  /** Which of the optimizer's `kinds` of step this one is; the ordinary one when absent. */
  readonly kind?: string;
}

interface Clock<N extends string = string> {
  readonly numbers: readonly N[];
  start(): ClockState;
  tick(state: ClockState, now: Moment, schedule: Schedule): Tick<N>;
}

type Values<K extends string> = Readonly<Record<K, Value>>;

/** How parameters are moved by one step. */
interface StepRule<S extends string, N extends string> {
  /** How the penalty takes part: by its prox on the candidates (default), or by its gradient added to the loss's. */
  readonly penaltyBy?: "prox" | "gradient";
  /**
   * The candidate before the prox, the new slots and, when `adaptive`, the diagonal metric of the prox.
   * `param` is the model's handle of the parameter whose present value is `w`.
   */
  propose(
    g: Builder,
    at: {
      readonly param: Value;
      readonly w: Value;
      readonly dw: Value;
      readonly slots: Values<S>;
      readonly clock: Values<N>;
    },
  ): { readonly candidate: Value; readonly slots: Values<S>; readonly metric?: Value };
  /** Changes candidates and new slots jointly, after the prox: where a group, or the whole network, is judged at once. */
  project?(
    g: Builder,
    at: {
      readonly w: Weights;
      readonly candidates: Map<Value, Value>;
      readonly slots: Map<Value, Values<S>>;
      readonly clock: Values<N>;
    },
  ): void;
  /** True where a group of the penalty that is zero stays zero, whatever its gradient. */
  readonly zerosStay?: true;
  /** New parameters from the candidate after the prox. */
  accept(g: Builder, at: { readonly w: Value; readonly candidate: Value; readonly clock: Values<N> }): Value;
}

/** What an optimizer may know of the penalty that it works with. */
interface Regularizer {
  readonly sets: readonly GroupSet[];
  /** How many groups of a set survive at least. Default 0. */
  floor?(set: GroupSet): number;
}

/** What an optimizer may fit itself to. */
export interface Fit {
  readonly graph: Graph;
  readonly penalty?: Regularizer;
  readonly seed: number;
}

/** An optimizer with slots S and clock numbers N. */
export interface Optimizer<S extends string = string, N extends string = string> extends StepRule<S, N> {
  /** The paper's name, in camelCase. */
  readonly name: string;
  /** Which of the forms that the paper's name stands for, where there are several. */
  readonly form?: string;
  /** Resolved options, for run.json and for comparing a resumed run. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly slots: readonly S[];
  readonly clock: Clock<N>;
  /** True when `propose` or `accept` goes by which parameter it is given; else it may be given several behind one another. */
  readonly apart?: true;
  /** Which slot is the sum of the gradients since the last restart, each times `gradientScale`, where one is nothing else. */
  readonly sums?: S;
  /** Which clock number multiplies the gradient that `propose` gets. The loss is scaled by it before the backward pass: no cost. */
  readonly gradientScale?: N;
  /**
   * What the point of the prox becomes: "onward", the next step goes on from it; "anew", it is made anew at every step, of sums of
   * gradients for one. Undefined = takes no penalty.
   */
  readonly prox?: "onward" | "anew";
  /** True where it begins at 0, wherever the model stands, so that it goes on from nothing that was trained or cut. */
  readonly beginsAtZero?: boolean;
  /** True when `propose` gives a metric, so that a penalty must be solvable in one. */
  readonly adaptive?: boolean;
  /** The epochs after which it starts anew, where it is told them; else the schedule's milestones, if it has restarts. */
  readonly restarts?: readonly number[];
  /** Which clock number is the share of the new point in an average, where W is one; W is the point itself once it is 1. */
  readonly averages?: N;
  /** Further kinds of step, by name: what they do differently from the ordinary one. */
  readonly kinds?: Readonly<Record<string, Partial<StepRule<S, N>>>>;
  /** The groups that it makes zero by itself, where no penalty names any. */
  readonly sets?: readonly GroupSet[];
  /** The same optimizer fitted to a model: where it must know layers, groups or the seed. */
  bind?(to: Fit): Optimizer<S, N>;
  /** Slots at the start and after a restart. */
  init(g: Builder, w: Value, param: Value): Values<S>;
  /** The parameter that training starts from, where it is not `w` itself. */
  start?(g: Builder, at: { readonly param: Value; readonly w: Value; readonly slots: Values<S> }): Value;
  /**
   * Candidate and metric before the prox from finished slots: what `propose` returned last. Where W is an average, so that only
   * this point is sparse until averaging ends.
   */
  dual?(
    g: Builder,
    at: { readonly w: Value; readonly slots: Values<S>; readonly clock: Values<N> },
  ): { readonly candidate: Value; readonly metric?: Value };
  /** Things the user should know about this combination of settings. */
  warnings?(schedule: Schedule, epochs: number, stepsPerEpoch: number): Words[];
}

/** What one kind of step does; the ordinary one when no kind is named. */
export const stepRule = (optimizer: Optimizer, kind?: string): StepRule<string, string> =>
  kind === undefined ? optimizer : { ...optimizer, ...optimizer.kinds![kind] };
