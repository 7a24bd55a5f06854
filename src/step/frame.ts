/** What the programs of a step have in common: a builder, and the inputs that stand for parameters, slots and numbers. */
import { invariant } from "../error.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import type { Graph, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import type { Weights } from "../groups/slices.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Exchange } from "./exchange.ts";
import { names } from "./names.ts";
import type { PenaltyNumber } from "./penalty-clock.ts";
import type { StepPlan } from "./plan.ts";
import type { Mask } from "./training-forms.ts";

/** Where the passes of one program emit their nodes, and what stands for the state there. */
export interface Frame {
  readonly g: Builder;
  readonly plan: StepPlan;
  /** Which of the optimizer's kinds of step; the ordinary one when absent. */
  readonly kind?: string;
  /** The present value of each trained parameter. */
  readonly w: Weights;
  /** The optimizer's numbers of this step. */
  readonly clock: Readonly<Record<string, Value>>;
}

/** Parameters or running statistics as inputs, by the model's own handles. */
export const paramInputs = (g: Builder, params: readonly Value[]): Map<Value, Value> =>
  new Map(params.map((p) => [p, g.input(names.param(p.name), p.dtype, p.shape)]));

export const clockInputs = (g: Builder, numbers: readonly string[]): Record<string, Value> =>
  Object.fromEntries(numbers.map((n) => [n, g.input(names.clock(n), "float32", [])]));

export const slotInputs = (g: Builder, { slots }: Optimizer, p: Value): Record<string, Value> =>
  Object.fromEntries(slots.map((s) => [s, g.input(names.slot(s, p.name), p.dtype, p.shape)]));

export const penaltyInput = (g: Builder, n: PenaltyNumber): Value => g.input(names.penalty(n), "float32", []);

/** Where a program tells of its batch what running statistics stand for in evaluation. */
export interface Observation {
  /** The statistics by name. */
  readonly runningMean: string;
  readonly runningVar: string;
  /** How many values of each channel a batch has there. */
  readonly values: number;
}

/** A graph that training runs, the masks that the host draws for it, and the places of which it tells, in their order. */
export interface Program {
  readonly graph: Graph;
  readonly masks: readonly Mask[];
  readonly observations: readonly Observation[];
  /** Of a program that is one of several which run one after the other: how many these are, and what ranks exchange behind it. */
  readonly stage?: { readonly of: number; readonly exchanges: readonly Exchange[] };
}

/** The finished program that `emit` writes. @param emit adds the masks that it wants drawn, and the places of which it tells */
export function program(name: string, emit: (g: Builder, masks: Mask[], observations: Observation[]) => void): Program {
  const g = builder(name);
  const masks: Mask[] = [];
  const observations: Observation[] = [];
  emit(g, masks, observations);
  const graph = withoutUnread(g.build());
  const issues = check(graph);
  invariant(
    issues.length === 0,
    `a training graph is malformed: ${issues.map((i) => `${i.where}: ${i.what}`).join("; ")}`,
  );
  return { graph, masks, observations };
}
