/** From the settings of a run to its choices: defaults filled in, and what does not go together refused. */
import { availableParallelism } from "node:os";
import { UsageError } from "espalier";
import { kebab } from "./names.ts";
import { rankRule } from "./rank-fields.ts";
import { belongs, insteadOfMomentum } from "./train-choices.ts";
import type { TrainConfig, TrainKey } from "./train-fields.ts";

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
  if (rule) rankRule({ rule, keep, tolerance, relative }, "rank-");
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
