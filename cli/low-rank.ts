/** Low rank, as `train` and `factorize` share it: rules that choose ranks, and training after truncation. */
import {
  cosine,
  crossEntropy,
  type Dataset,
  type Engine,
  type EvaluateOptions,
  globalRanks,
  localRanks,
  type Model,
  percent,
  type Ranks,
  type Spectra,
  type Store,
  searchRanks,
  sgd,
  type TrainOptions,
  train,
  UsageError,
} from "espalier";
import { choice, integer, number } from "./settings/field.ts";
import type { Output } from "./terminal/output.ts";

const rules = ["local", "global", "iterative"] as const;
type Rule = (typeof rules)[number];

const about = "how ranks are chosen: the same share of each layer, one threshold for all, or the least loss first";
export const ruleField = (more: string) => choice(`${about}${more}`, rules);
export const keepField = number("local, global: share of the singular values to keep", { above: 0, max: 1 });
export const relativeField = choice(
  "global: compare singular values relative to their layer's largest (all, default), as they are (none), or as LoRITa's code (conv)",
  ["all", "none", "conv"],
);
export const toleranceField = number(
  "iterative: how far accuracy may fall, as a fraction, judged on validation samples where there are any, else on training samples (default 0.01)",
  {
    min: 0,
    below: 1,
  },
);
export const fineTuneField = integer("train for so many epochs after truncation (default 0)", { min: 1 });

export interface RankChoice {
  readonly rule: Rule;
  readonly keep?: number;
  readonly tolerance?: number;
  readonly relative?: "all" | "none" | "conv";
}

export interface Judging extends Pick<EvaluateOptions, "loss" | "output" | "normalization"> {
  readonly engine: Engine;
  readonly data: Dataset | undefined;
  readonly seed: number;
  readonly out: Output;
  /** Once it is aborted, choosing ranks and fine-tuning fail with its reason. */
  readonly signal?: AbortSignal;
}

/** @throws UsageError when the rule lacks what it needs, or got what it has no use for */
export function checkRule({ rule, keep, tolerance, relative }: RankChoice, prefix = ""): void {
  const flag = (name: string) => `--${prefix}${name}`;
  if (rule !== "iterative" && keep === undefined)
    throw new UsageError(
      `the ${rule} rule wants the share of singular values to keep`,
      { wanted: flag("keep") },
      `for example ${flag("keep")} 0.25; or ${flag("rule")} iterative, which looks for ranks that keep the accuracy`,
    );
  if (rule !== "iterative" && tolerance !== undefined)
    throw new UsageError(`the ${rule} rule has no tolerance`, { got: `${flag("tolerance")} ${tolerance}` });
  if (rule !== "global" && relative !== undefined)
    throw new UsageError(
      `the ${rule} rule compares no singular values of different layers`,
      { got: `${flag("relative")} ${relative}` },
      `leave it out, or use ${flag("rule")} global`,
    );
  if (rule === "iterative" && keep !== undefined)
    throw new UsageError(
      "the iterative rule keeps what accuracy needs, not a share",
      { got: `${flag("keep")} ${keep}` },
      `use ${flag("tolerance")}, or ${flag("rule")} local or global`,
    );
}

/** @throws UsageError when the rule judges by an accuracy that there is not */
export function checkJudge(rule: Rule, data: Dataset | undefined): void {
  if (rule !== "iterative") return;
  if (!data)
    throw new UsageError("the iterative rule judges by accuracy", { wanted: "--data" }, "for example --data mnist");
  if (data.classes === null)
    throw new UsageError(
      "the iterative rule judges by accuracy, which these targets do not have",
      { data: data.name },
      "use the local or the global rule",
    );
}

export async function chooseRanks(
  found: Spectra,
  { rule, keep, tolerance, relative }: RankChoice,
  j: Judging,
): Promise<Ranks> {
  if (rule === "local") return localRanks(found, { keep: keep! });
  if (rule === "global") return globalRanks(found, { keep: keep!, relative });
  const { out } = j;
  let tried = 0;
  const onStep = ({ weight, rank, accuracy }: { weight: string; rank: number; accuracy: number }) => {
    if (++tried % 25 === 0)
      out.say(out.colour.dim(`  ${tried} reductions, ${weight} to ${rank}: ${percent(accuracy)}`));
  };
  const { engine, loss, output, normalization, seed, signal } = j;
  const scoring = { engine, loss, output, normalization };
  const result = await searchRanks(found, j.data!, { ...scoring, tolerance, seed, onStep, signal });
  const judged = j.data!.val ? "validation" : "training";
  out.say(
    `chose ranks by ${result.steps.length} reductions: ${judged} accuracy ${percent(result.reference)} → ${percent(result.accuracy)}`,
  );
  return result.ranks;
}

export interface FineTuning extends Judging, Pick<TrainOptions, "freeze" | "augment"> {
  readonly epochs: number;
  /** Makes it resumable. */
  readonly store?: Store;
}

/**
 * The recipe of LoRITa's code but for its plateau rule, in whose place lr falls along a cosine: SGD, lr 0.01, momentum 0.9,
 * weight decay 1e-5, batch 128, label smoothing 0.1.
 * @returns the model, and how long it was trained, before a resume included
 */
export async function fineTune(
  model: Model,
  { epochs, store, freeze, augment, ...j }: FineTuning,
): Promise<{ model: Model; seconds: number }> {
  const { engine, data, output, normalization, seed, out, signal } = j;
  const run = train(model, data!, {
    engine,
    optimizer: sgd({ momentum: 0.9, weightDecay: 1e-5 }),
    schedule: cosine({ lr: 1e-2 }),
    loss: data!.classes === null ? j.loss : crossEntropy({ labelSmoothing: 0.1 }),
    epochs,
    seed,
    output,
    normalization,
    freeze,
    augment,
    store,
    resume: store !== undefined,
    signal,
  });
  for await (const m of run) {
    const accuracy = m.testAccuracy === null ? "" : `, test accuracy ${percent(m.testAccuracy)}`;
    out.say(out.colour.dim(`  fine-tuning epoch ${m.epoch}/${epochs}: loss ${m.loss.toFixed(4)}${accuracy}`));
  }
  if (!run.finished) signal?.throwIfAborted();
  return { model: run.model, seconds: run.history.reduce((sum, m) => sum + m.seconds, 0) };
}
