/** From the choices of a run to the library's optimizer, penalty, schedule and loss. */
import {
  adam,
  adamw,
  constant,
  cosine,
  type GroupKind,
  grda,
  groupLasso,
  groupMcp,
  hspg,
  type Loss,
  l0,
  l1,
  l2,
  lHalf,
  magnitude,
  multiStep,
  nm,
  nuclear,
  type Optimizer,
  type Penalty,
  proxGen,
  proxSgd,
  proxSsi,
  ramda,
  rda,
  rigl,
  rmda,
  type Schedule,
  sef,
  sgd,
  warmup,
  wgsef,
} from "espalier";
import type { Choices } from "./choices.ts";
import { losses } from "./losses.ts";
import type { TrainConfig } from "./train-fields.ts";

const optimizers: Readonly<Record<Choices["optimizer"], (s: Choices) => Optimizer>> = {
  sgd,
  adam: (s) => adam({ ...s, betas: s.betas as [number, number] | undefined }),
  adamw: (s) => adamw({ ...s, betas: s.betas as [number, number] | undefined }),
  proxSgd,
  proxSsi: (s) => proxSsi({ ...s, betas: s.betas as [number, number] | undefined }),
  proxGen: (s) => proxGen({ ...s, betas: s.betas as [number, number] | undefined }),
  rda: () => rda(),
  rmda,
  ramda,
  grda,
  hspg,
  rigl: (s) => rigl({ ...s, distribution: s.distribution as "erk" | undefined }), // rigl refuses what it does not have
  magnitude,
};
type Penalized = Omit<Choices, "groups"> & { readonly lambda: number; readonly groups: GroupKind | undefined };
const penalties: Readonly<Record<Choices["penalty"], (s: Penalized) => Penalty | undefined>> = {
  none: () => undefined,
  l0,
  lHalf,
  l1,
  l2,
  groupLasso,
  groupMcp,
  wgsef,
  sef,
  nuclear,
  nm,
};
const schedules: Readonly<Record<Choices["schedule"], (s: Choices) => Schedule>> = {
  constant,
  multiStep: (s) => multiStep({ ...s, milestones: s.milestones! }),
  cosine,
};

/** Groups as the library names them. */
const groupKind = ({ groups, block = [4, 4] }: TrainConfig): GroupKind | undefined =>
  groups === "block" ? { block: [block[0], block[1]] } : groups;

/** The methods of a run as the library's objects. */
export interface Methods {
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly penalty: Penalty | undefined;
  readonly loss: Loss;
}

export function methods(s: Choices): Methods {
  const schedule = schedules[s.schedule](s);
  return {
    optimizer: optimizers[s.optimizer](s),
    schedule: s.warmupEpochs ? warmup(schedule, { epochs: s.warmupEpochs }) : schedule,
    penalty: penalties[s.penalty]({ ...s, lambda: s.lambda ?? 0, groups: groupKind(s) }),
    loss: losses[s.loss](s),
  };
}

/** Every setting that decides what is trained, with its default filled in: run.json and the report show it. */
export function resolved({ out, resume, overwrite, ...s }: Choices, m: Methods): Record<string, unknown> {
  const { groups, ...own } = m.penalty?.options ?? {};
  const chosen = typeof groups === "object" ? { groups: "block", ...groups } : groups === undefined ? {} : { groups };
  return { ...s, ...m.schedule.options, ...m.loss.options, ...own, ...chosen, ...m.optimizer.options };
}
