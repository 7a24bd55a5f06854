/** From the settings of a run to its choices: defaults filled in, and what does not go together refused. */
import { availableParallelism } from "node:os";
import {
  type ErrorDetails,
  type OptimizerMethod,
  type OptimizerName,
  optimizers,
  optionSpecs,
  type PenaltyName,
  penalties,
  UsageError,
  usualOptimizer,
  usualSteering,
} from "espalier";
import { checkDistilling } from "./distill-fields.ts";
import { lossesIn } from "./losses.ts";
import { isFromFile } from "./model-source.ts";
import { kebab } from "./names.ts";
import { rankRule } from "./rank-fields.ts";
import { checkRunTargets, targetSaid } from "./target-fields.ts";
import { belongs } from "./train-choices.ts";
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
export type RunChoices = TrainConfig & Required<Pick<TrainConfig, Chosen>>;

/** @throws UsageError for settings that are missing or do not go together */
export function choose(config: TrainConfig): RunChoices {
  const { model, data, lorita, epochs = 20 } = config;
  if (config.steps !== undefined && config.epochs !== undefined)
    throw new UsageError(
      "conflict",
      "steps and epochs both say how long the run is",
      { got: `--steps ${config.steps} --epochs ${config.epochs}` },
      "leave one of them out",
    );
  const optimizer = config.optimizer ?? optimizerFor(config);
  if (!model)
    throw new UsageError("missing", "train wants a model", { wanted: "--model" }, "for example --model lenet5");
  if (!data) throw new UsageError("missing", "train wants data", { wanted: "--data" }, "for example --data digits");
  const { defaults } = formOf({ optimizer, form: config.form });
  const recipe = config.optimizer === undefined && optimizer === usualOptimizer.trained ? usualSteering : undefined;
  const choices = {
    ...config,
    model,
    data,
    optimizer,
    epochs,
    lr: config.lr ?? recipe?.lr ?? defaults.lr,
    schedule: config.schedule ?? (config.milestones?.length ? "multiStep" : (recipe?.schedule ?? "constant")),
    penalty: config.penalty ?? ((defaults.penalty ?? "none") as PenaltyName | "none"), // a test reads them all
    loss: config.loss ?? "crossEntropy",
    batchSize: config.batchSize ?? 128,
    seed: config.seed ?? 1,
    threads: config.threads ?? availableParallelism(),
    device: config.device ?? "cpu",
    rankRule: config.rankRule ?? (lorita ? "iterative" : undefined),
  } as const;
  if (lorita) Object.assign(choices, { ...defaults.composed, ...said(config, Object.keys(defaults.composed ?? {})) });
  Object.assign(choices, { ...startsOf(choices.penalty), ...said(config, Object.keys(startsOf(choices.penalty))) });
  if (weighsBySize(choices.penalty)) Object.assign(choices, weightsFor(config));
  for (const kind of ["optimizer", "schedule", "penalty"] as const) checkBelongs(kind, choices[kind], config);
  const named = lossesIn(choices.loss);
  checkBelongs("loss", named.includes("crossEntropy") ? "crossEntropy" : named[0], config);
  checkBelongs("groups", choices.groups ?? "coupled", config);
  checkForm(choices);
  checkBelongs("rankRule", choices.rankRule ?? "none", config);
  const { rankRule: rule, rankKeep: keep, rankTolerance: tolerance, rankRelative: relative } = choices;
  if (rule) rankRule({ rule, keep, tolerance, relative }, "rank-");
  checkRunTargets(config);
  const target = targetSaid(config);
  if (rule && target)
    throw new UsageError(
      "conflict",
      "a target and a truncation of ranks exclude each other",
      { got: `--${kebab(target.key)} ${target.value} with --rank-rule ${rule}` },
      `train with --${kebab(target.key)}, then run espalier factorize on the small model`,
    );
  if (choices.schedule === "multiStep" && !config.milestones?.length)
    throw new UsageError(
      "missing",
      "multi-step wants milestones",
      { wanted: "--milestones" },
      "for example --milestones 10,15",
    );
  if (config.loritaLayers && !lorita)
    throw new UsageError(
      "conflict",
      "a run without lorita composes no layers",
      { got: `--lorita-layers ${config.loritaLayers}` },
      "leave it out, or say --lorita 2",
    );
  checkDistilling(config);
  checkSharing(config);
  checkResume(config);
  return choices;
}

/** The optimizer of a run that does not say one. */
function optimizerFor(config: TrainConfig): OptimizerName {
  const { model, init, lorita, targetSearch } = config;
  const usual = usualOptimizer[lorita ? "composed" : "plain"];
  if (lorita || init || targetSearch || !targetSaid(config) || model === undefined || !isFromFile(model)) return usual;
  const [own, other] = [belongs.optimizer[usual], belongs.optimizer[usualOptimizer.trained]];
  return own.some((key) => config[key] !== undefined && !other.includes(key)) ? usual : usualOptimizer.trained;
}

/** What no run of several ranks can do, and why. */
const NOT_SHARED = {
  tune: "ranks would each choose formulations of their own",
  targetSearch: "a search makes several runs, and ranks share one",
  targetLatency: "ranks would each measure times of their own, and cut otherwise",
} as const;

function checkSharing(config: TrainConfig): void {
  const found = Object.entries(NOT_SHARED).find(([key]) => config[key as keyof typeof NOT_SHARED]);
  if (!config.mpi || !found) return;
  const [key, why] = found;
  throw new UsageError("conflict", why, { got: `--mpi with --${kebab(key)}` }, `leave --${kebab(key)} out`);
}

/** The form of its optimizer that a run takes. */
export function formOf({ optimizer, form }: Pick<RunChoices, "optimizer"> & Pick<TrainConfig, "form">) {
  const { forms }: OptimizerMethod = optimizers[optimizer];
  return forms.find((f) => f.form === form) ?? forms[0];
}

/** What a penalty begins with where nothing is said and nothing is a default. */
function startsOf(penalty: RunChoices["penalty"]): Readonly<Record<string, unknown>> {
  if (penalty === "none") return {};
  const specs = Object.entries(optionSpecs(penalties[penalty].options));
  return Object.fromEntries(specs.flatMap(([key, { start }]) => (start === undefined ? [] : [[key, start]])));
}

/** What groups are weighed by where the target is not their number of weights. */
function weightsFor({
  weights,
  targetMacs,
  targetLatency,
  groups = "coupled",
}: TrainConfig): Pick<TrainConfig, "weights"> {
  const channels = groups === "coupled" || groups === "headWidth"; // of which times are known
  if (targetLatency !== undefined) return { weights: weights ?? (channels ? "latency" : "macs") };
  return targetMacs === undefined ? {} : { weights: weights ?? "macs" };
}

/** Whether a penalty weighs groups by their sizes where nothing is said. */
const weighsBySize = (penalty: RunChoices["penalty"]): boolean =>
  penalty !== "none" && optionSpecs(penalties[penalty].options)["weights"]?.default === "balanced";

/** Those of some settings that are said. */
const said = (config: TrainConfig, keys: readonly string[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(config).filter(([key, value]) => keys.includes(key) && value !== undefined));

export function checkResume({ resume, overwrite }: Pick<TrainConfig, "resume" | "overwrite">): void {
  if (resume && overwrite)
    throw new UsageError(
      "conflict",
      "resume and overwrite exclude each other",
      {},
      "go on with --resume, or start afresh with --overwrite",
    );
}

/** A setting that belongs to another choice. */
export class Misplaced extends UsageError {
  readonly key: TrainKey;

  constructor(key: TrainKey, what: string, details: ErrorDetails, fix?: string) {
    super("conflict", what, details, fix);
    this.key = key;
  }
}

/** What others call options of an optimizer. */
function renamesOf(optimizer: string): Readonly<Record<string, string>> {
  const method: OptimizerMethod = optimizers[optimizer as OptimizerName];
  return method.renames ?? {};
}

function checkBelongs(kind: keyof typeof belongs, chosen: string, config: TrainConfig): void {
  const table = belongs[kind];
  const own = table[chosen];
  for (const key of new Set(Object.values(table).flat())) {
    if (config[key] === undefined || config[key] === false || own.includes(key)) continue;
    const owners = Object.keys(table).filter((name) => table[name].includes(key));
    const instead = kind === "optimizer" ? renamesOf(chosen)[key] : undefined;
    throw new Misplaced(
      key,
      `${chosen === "none" ? `a run without a ${kebab(kind)}` : kebab(chosen)} has no ${kebab(key)}`,
      {
        got: `--${kebab(key)} ${config[key]}`,
        [`${kebab(key)} is for`]: owners.map(kebab).join(", "),
        [`${kebab(chosen)} has`]: own.map((k) => `--${kebab(k)}`).join(", ") || undefined,
      },
      instead
        ? `use --${kebab(instead)}: it plays the part of ${kebab(key)} in ${kebab(chosen)}`
        : `leave it out, or choose ${owners.length > 3 ? `another --${kebab(kind)}` : `--${kebab(kind)} ${owners.map(kebab).join(" or ")}`}`,
    );
  }
}

/** What an optimizer has in one of its forms only. */
function checkForm(config: Pick<RunChoices, "optimizer"> & TrainConfig): void {
  const chosen = formOf(config);
  const { forms }: OptimizerMethod = optimizers[config.optimizer];
  for (const key of belongs.optimizer[config.optimizer]) {
    const owner = forms.find((f) => Object.hasOwn(f.options.shape, key));
    if (config[key] === undefined || !owner || Object.hasOwn(chosen.options.shape, key)) continue;
    throw new Misplaced(
      key,
      `${kebab(config.optimizer)} has ${kebab(key)} only in the form ${owner.form}`,
      { got: `--${kebab(key)} ${config[key]}` },
      `leave it out, or choose --form ${owner.form}`,
    );
  }
}
