/** From the choices of a run to the library's optimizer, penalty, schedule and loss. */
import {
  checkMethods,
  constant,
  cosine,
  type Loss,
  type Losses,
  multiStep,
  type Optimizer,
  type OptimizerMethod,
  optimizers,
  type Penalty,
  type PenaltyMethod,
  penalties,
  type Schedule,
  warmup,
} from "espalier";
import { formOf, type RunChoices } from "./choices.ts";
import { lossOf } from "./losses.ts";
import { methodOptions, spelledOptions } from "./method-options.ts";

const schedules: Readonly<Record<RunChoices["schedule"], (s: RunChoices) => Schedule>> = {
  constant,
  multiStep: (s) => multiStep({ ...s, milestones: s.milestones! }),
  cosine,
};

/** The methods of a run as the library's objects. */
export interface Methods {
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly penalty: Penalty | undefined;
  readonly loss: Loss | Losses;
}

/** @throws UsageError for options that are out of range, and for a pair that is not defined */
export function methods(s: RunChoices): Methods {
  const schedule = schedules[s.schedule](s);
  const method: OptimizerMethod = optimizers[s.optimizer];
  const optimizer = method.of(methodOptions(formOf(s).options, s));
  const penalty = penaltyOf(s);
  checkMethods(optimizer, penalty);
  return {
    optimizer,
    schedule: s.warmupEpochs ? warmup(schedule, { epochs: s.warmupEpochs }) : schedule,
    penalty,
    loss: lossOf(s.loss, s),
  };
}

function penaltyOf(s: RunChoices): Penalty | undefined {
  if (s.penalty === "none") return undefined;
  const method: PenaltyMethod = penalties[s.penalty];
  return method.of(methodOptions(method.options, s));
}

/** Every setting that decides what is trained, with its default filled in: run.json and the report show it. */
export function resolved(
  { out, resume, overwrite, watch, mpi, ...s }: RunChoices,
  m: Methods,
): Record<string, unknown> {
  return {
    ...s,
    ...(s.steps !== undefined && { epochs: undefined }), // which the steps say
    ...m.schedule.options,
    ...(typeof s.loss === "string" && (m.loss as Loss).options),
    ...spelledOptions(m.penalty?.options ?? {}),
    ...m.optimizer.options,
  };
}
