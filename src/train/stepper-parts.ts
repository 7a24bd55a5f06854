/** What steps are made of. */
import type { Engine } from "../engine/engine.ts";
import type { Schedule } from "../optim/schedule.ts";
import type { LabelPlan } from "../step/loss.ts";
import type { StepPlan } from "../step/plan.ts";
import type { TrainingPrograms } from "../step/programs.ts";
import type { PartialMask } from "./dropout-mask.ts";
import type { Communicator } from "./ranks/communicator.ts";
import type { Sessions } from "./sessions.ts";
import type { State } from "./state.ts";

/** What a step works with. */
export interface StepperParts {
  readonly engine: Engine;
  readonly plan: StepPlan;
  readonly sessions: Sessions<TrainingPrograms>;
  readonly state: State;
  /** How the batch's labels travel. */
  readonly labels: readonly LabelPlan[];
  readonly schedule: Schedule;
  readonly seed: number;
  /** Into how many parts a batch is split, and how many samples a part has at least. */
  readonly accumulate: number;
  readonly leastPart: number;
  /** Who else computes a share of every batch, and whether batch norm normalizes by the samples of all. */
  readonly communicator?: Communicator;
  readonly syncBatchNorm?: boolean;
  /** Of a network that lost channels, its masks by what they make. */
  readonly partial?: ReadonlyMap<string, PartialMask>;
}
