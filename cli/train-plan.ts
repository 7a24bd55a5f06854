/** From the settings of a run to what the library trains with: defaults, what goes together, and the objects. */
import { availableParallelism } from "node:os";
import {
  adam,
  adamw,
  model as builtIn,
  type Composed,
  compose,
  constant,
  cosine,
  type Dataset,
  type GroupKind,
  grda,
  groupLasso,
  groupMcp,
  hspg,
  initialize,
  type Loss,
  l0,
  l1,
  l2,
  lHalf,
  limitTrain,
  type Model,
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
  splitValidation,
  UsageError,
  warmup,
  wgsef,
} from "espalier";
import { datasets } from "espalier/node";
import { readModel } from "./files.ts";
import { losses } from "./losses.ts";
import { checkRule } from "./low-rank.ts";
import { kebab } from "./names.ts";
import { belongs, insteadOfMomentum, type TrainConfig, type TrainKey } from "./train-fields.ts";

type Chosen =
  | "model"
  | "data"
  | "optimizer"
  | "lr"
  | "schedule"
  | "penalty"
  | "loss"
  | "epochs"
  | "batchSize"
  | "seed"
  | "threads"
  | "device";
/** Settings in which every choice is made. */
export type Choices = TrainConfig & Required<Pick<TrainConfig, Chosen>>;

/** @throws UsageError for settings that are missing or do not go together */
export function choose(config: TrainConfig): Choices {
  const { model, data, lorita, epochs = 20 } = config;
  const optimizer = config.optimizer ?? (lorita ? "adam" : "rmda");
  if (!model) throw new UsageError("train wants a model", { wanted: "--model" }, "for example --model lenet5");
  if (!data) throw new UsageError("train wants data", { wanted: "--data" }, "for example --data digits");
  const dense: readonly string[] = ["sgd", "adam", "adamw", "grda", "rigl", "magnitude"];
  const slow: Readonly<Partial<Record<string, number>>> = {
    adam: 1e-3,
    adamw: 1e-3,
    proxSsi: 1e-3,
    proxGen: 1e-3,
    ramda: 1e-2,
  };
  const choices = {
    ...config,
    model,
    data,
    optimizer,
    epochs,
    lr: config.lr ?? (config.form === "yang" ? 0.06 : (slow[optimizer] ?? 0.1)),
    schedule: config.schedule ?? (config.milestones?.length ? "multiStep" : "constant"),
    penalty: config.penalty ?? (dense.includes(optimizer) ? "none" : "groupLasso"),
    loss: config.loss ?? "crossEntropy",
    batchSize: config.batchSize ?? 128,
    seed: config.seed ?? 1,
    threads: config.threads ?? availableParallelism(),
    device: config.device ?? "cpu",
    rankRule: config.rankRule ?? (lorita ? "iterative" : undefined),
  } as const;
  if (lorita && (optimizer === "adam" || optimizer === "sgd"))
    Object.assign(choices, { weightDecay: config.weightDecay ?? 1e-4 }); // what the low rank comes from
  if (has(choices.penalty, "lambda") && choices.lambda === undefined) Object.assign(choices, { lambda: 1e-4 });
  for (const kind of ["optimizer", "schedule", "penalty", "loss"] as const) checkBelongs(kind, choices[kind], config);
  checkBelongs("groups", choices.groups ?? "coupled", config);
  if (optimizer === "proxSgd" && config.form !== "yang") checkUnit(config);
  checkBelongs("rankRule", choices.rankRule ?? "none", config);
  const { rankRule: rule, rankKeep: keep, rankTolerance: tolerance, rankRelative: relative } = choices;
  if (rule) checkRule({ rule, keep, tolerance, relative }, "rank-");
  if (rule && config.targetParams)
    throw new UsageError(
      "a search for lambda and a truncation of ranks exclude each other",
      { got: `--target-params ${config.targetParams} with --rank-rule ${rule}` },
      "train with --target-params, then run espalier factorize on the small model",
    );
  if (choices.schedule === "multiStep" && !config.milestones?.length)
    throw new UsageError("multi-step wants milestones", { wanted: "--milestones" }, "for example --milestones 10,15");
  if (config.loritaLayers && !lorita)
    throw new UsageError(
      "a run without lorita composes no layers",
      { got: `--lorita-layers ${config.loritaLayers}` },
      "leave it out, or say --lorita 2",
    );
  checkResume(config);
  return choices;
}

/** Whether a penalty has a setting. */
export const has = (penalty: Choices["penalty"], key: TrainKey): boolean =>
  (belongs.penalty[penalty] as readonly TrainKey[]).includes(key);

export function checkResume({ resume, overwrite }: Pick<TrainConfig, "resume" | "overwrite">): void {
  if (resume && overwrite)
    throw new UsageError(
      "resume and overwrite exclude each other",
      {},
      "go on with --resume, or start afresh with --overwrite",
    );
}

/** A setting that belongs to another choice. */
export class Misplaced extends UsageError {
  readonly key: TrainKey;

  constructor(key: TrainKey, ...said: ConstructorParameters<typeof UsageError>) {
    super(...said);
    this.key = key;
  }
}

function checkBelongs(kind: keyof typeof belongs, chosen: string, config: TrainConfig): void {
  const table: Readonly<Record<string, readonly TrainKey[]>> = belongs[kind];
  const own = table[chosen];
  for (const key of new Set(Object.values(table).flat())) {
    if (config[key] === undefined || config[key] === false || own.includes(key)) continue;
    const owners = Object.keys(table).filter((name) => table[name].includes(key));
    const instead = key === "momentum" ? insteadOfMomentum[chosen] : undefined;
    throw new Misplaced(
      key,
      `${chosen === "none" ? `a run without a ${kebab(kind)}` : kebab(chosen)} has no ${kebab(key)}`,
      {
        got: `--${kebab(key)} ${config[key]}`,
        [`${kebab(key)} is for`]: owners.map(kebab).join(", "),
        [`${kebab(chosen)} has`]: own.map((k) => `--${kebab(k)}`).join(", ") || undefined,
      },
      instead
        ? `use --${instead}: it plays the part of momentum in ${kebab(chosen)}`
        : `leave it out, or choose ${owners.length > 3 ? `another --${kebab(kind)}` : `--${kebab(kind)} ${owners.map(kebab).join(" or ")}`}`,
    );
  }
}

/** What prox-sgd has in one of its forms only, so that the table of choices cannot say it. */
function checkUnit(config: TrainConfig): void {
  for (const key of ["beta", "eps"] as const)
    if (config[key] !== undefined)
      throw new Misplaced(
        key,
        `prox-sgd has ${key} only in the form yang`,
        { got: `--${key} ${config[key]}` },
        "leave it out, or choose --form yang",
      );
}

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

export async function openData(
  s: Pick<TrainConfig, "data" | "dataRoot" | "limitTrain" | "valSplit" | "seed">,
): Promise<Dataset> {
  let data = await datasets.open(s.data!, { root: s.dataRoot });
  if (s.valSplit) data = splitValidation(data, s.valSplit, s.seed);
  return s.limitTrain ? limitTrain(data, s.limitTrain, s.seed) : data;
}

/**
 * The model that is trained: with --lorita a composed one, whose function stays where it comes from a file; beside it the weights
 * that were not composed, and why.
 */
export async function openModel(s: Choices, data: Dataset): Promise<Pick<Composed, "model" | "skipped">> {
  const model = await modelItself(s, data);
  if (!s.lorita) return { model, skipped: [] };
  const init = s.model.endsWith(".onnx") && !s.init ? "balanced" : "default";
  return compose(model, { factors: s.lorita, layers: s.loritaLayers, freeze: s.freeze, init, seed: s.seed });
}

/** A built-in model takes the data's shape and classes; a file is taken as it is. */
export async function modelItself(
  s: Pick<Choices, "model" | "seed" | "init" | "freeze">,
  data: Dataset,
): Promise<Model> {
  if (!s.model.endsWith(".onnx"))
    return builtIn(s.model, { seed: s.seed, input: data.shape, ...(data.classes && { classes: data.classes }) });
  const model = await readModel(s.model);
  return s.init ? initialize(model, s.seed, s.freeze) : model;
}
