/**
 * What an optimizer is: pure descriptions of graph nodes, and a pure host clock.
 *
 * One step: `propose` turns gradients into candidates (elementwise, tensor by tensor), then *one joint* proximal
 * step over groups that may span tensors, then `accept` turns candidates into the new parameters. Everything that
 * changes from step to step and is not a tensor — learning rate, averaging constant, accumulated weights — is a number
 * of the clock, fed as a graph input, so that a schedule never rebuilds a session.
 */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import type { Schedule } from "./schedule.ts";

/** The clock's memory. Plain numbers; part of every checkpoint. */
export type ClockState = Readonly<Record<string, number>>;

/** Where training stands, before the step that is about to run. */
export interface Moment {
  /** 0-based. */
  readonly epoch: number;
  /** 0-based, within the epoch. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** Share of the penalty that counts at this step, in [0, 1]: less than 1 while λ is warmed up. */
  readonly penaltyShare: number;
}

/** What the clock says of one step. */
export interface Tick<N extends string = string> {
  readonly state: ClockState;
  /** The numbers this step feeds to the graph. */
  readonly numbers: Readonly<Record<N, number>>;
  /** Rebuild the slots by `init` from the current parameters before this step. */
  readonly restart: boolean;
}

interface Clock<N extends string = string> {
  readonly numbers: readonly N[];
  start(): ClockState;
  tick(state: ClockState, now: Moment, schedule: Schedule): Tick<N>;
}

type Values<K extends string> = Readonly<Record<K, Value>>;

/** An optimizer with slots S and clock numbers N. */
export interface Optimizer<S extends string = string, N extends string = string> {
  /** The paper's name, in camelCase. */
  readonly name: string;
  /** Resolved options, for run.json and for comparing a resumed run. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly slots: readonly S[];
  readonly clock: Clock<N>;
  /** Which clock number is the proximal step size; undefined = takes no penalty. */
  readonly proxStep?: N;
  /** True when W is an average, and only the point inside the prox (`dual`) is sparse until averaging ends. */
  readonly averages: boolean;
  /** Slots at the start and after a restart. */
  init(g: Builder, w: Value): Values<S>;
  /** True when `propose` gives a metric, so that a penalty must be solvable in one. */
  readonly adaptive?: boolean;
  /** The candidate before the prox, the new slots and, when `adaptive`, the diagonal metric of the prox. */
  propose(
    g: Builder,
    at: { readonly w: Value; readonly dw: Value; readonly slots: Values<S>; readonly clock: Values<N> },
  ): { readonly candidate: Value; readonly slots: Values<S>; readonly metric?: Value };
  /** New parameters from the candidate after the prox. */
  accept(g: Builder, at: { readonly w: Value; readonly candidate: Value; readonly clock: Values<N> }): Value;
  /** Candidate and metric before the prox from finished slots: what `propose` returned last. Only when `averages`. */
  dual?(
    g: Builder,
    at: { readonly slots: Values<S>; readonly clock: Values<N> },
  ): { readonly candidate: Value; readonly metric?: Value };
  /** Things the user should know about this combination of settings. */
  warnings?(schedule: Schedule, epochs: number, stepsPerEpoch: number): string[];
}
