/** A run that is steered to a size: λ is moved from epoch to epoch, then what is left over is cut and the structure stands. */
import type { Builder } from "../graph/builder.ts";
import type { Model, Tensor, Value } from "../graph/types.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Penalty } from "../prox/penalty.ts";
import type { ChannelTime } from "../prox/time-weights.ts";
import type { LatencyReached } from "../report/results.ts";
import { names } from "../step/names.ts";
import type { Selection } from "./freeze.ts";

/** What steers a run: `structureTarget` makes it. */
export interface Steering {
  /** Resolved options, for run.json and for comparing a resumed run. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * After how many of a run's epochs the structure is cut and stands.
   * @param trained whether the run begins from weights that somebody trained
   */
  cutAfter(epochs: number, trained: boolean): number;
  /**
   * Asks whether the target can be reached at all.
   * @throws EspalierError which says how far it came
   */
  check(model: Model, trained: Selection): void | Promise<void>;
  /** The share that a model's zeros leave. */
  measure(model: Model): number;
  /**
   * What λ is multiplied by after an epoch.
   * @param before what it was multiplied by in this epoch
   * @param epoch finished epochs
   */
  strength(before: number, kept: number, epoch: number, epochs: number): number;
  /**
   * The model with what goes at zero, and which elements of its tensors may not come back: 0 there, 1 elsewhere, by name.
   * @param sparse the model at its sparse point
   * @param initial the model that the run began with
   * @param trained which of its tensors the run trains
   */
  cut(model: Model, sparse: Model, initial: Model, trained: Selection): StructureCut | Promise<StructureCut>;
  /** What came of it, of a target that is measured: told of the run's models at its end. */
  reached?(full: Model, small: Model): Promise<LatencyReached>;
  /** Of a target that is a time: what channels save of it, for a penalty that weighs groups by that. */
  readonly times?: readonly ChannelTime[];
  /** Whether it measures on this machine, so that several ranks would not agree. */
  readonly measures?: true;
}

/** What is left of a model's structure. */
export interface StructureCut {
  readonly model: Model;
  readonly masks: ReadonlyMap<string, Tensor>;
}

/** Where the steering of a run stands; part of its checkpoint. */
export interface SteeringRecord {
  /** What λ is multiplied by. */
  readonly strength: number;
  /** The share that was kept after the last epoch; 1 before the first. */
  readonly kept: number;
  /** Whether the structure stands. */
  readonly cut: boolean;
}

/** A penalty that knows what channels save of a model's time, where a run has such a target. */
export const withTimes = (penalty: Penalty, times: Steering["times"]): Penalty =>
  times ? { ...penalty, bind: (graph) => penalty.bind(graph, times) } : penalty;

/** An optimizer that leaves what its masks have 0 for at zero, whatever its step does. */
export function keptWithin(optimizer: Optimizer, masks: ReadonlyMap<string, Tensor>): Optimizer {
  const byName = new Map([...masks].map(([name, mask]) => [names.param(name), mask]));
  const masked = (g: Builder, w: Value, next: Value): Value => {
    const mask = byName.get(w.name);
    return mask ? g.Mul(next, g.constant(mask)) : next;
  };
  const within = (rule: Pick<Optimizer, "accept">): Pick<Optimizer, "accept"> => ({
    accept: (g, at) => masked(g, at.w, rule.accept(g, at)),
  });
  const { kinds, dual, bind } = optimizer;
  return {
    ...optimizer,
    apart: true,
    ...within(optimizer),
    ...(kinds && {
      kinds: Object.fromEntries(
        Object.entries(kinds).map(([name, kind]) => [
          name,
          { ...kind, ...(kind.accept && within({ accept: kind.accept })) },
        ]),
      ),
    }),
    ...(dual && {
      dual: (g: Builder, at: Parameters<NonNullable<typeof dual>>[1]) => {
        const point = dual(g, at);
        return { ...point, candidate: masked(g, at.w, point.candidate) };
      },
    }),
    ...(bind && { bind: (to: Parameters<NonNullable<typeof bind>>[0]) => keptWithin(bind(to), masks) }),
  };
}
