/** One run from its settings to its summary: train, shrink, verify, measure. `train` and `compare` share it. */
import {
  type ChosenLambda,
  clearRun,
  type Dataset,
  defaultLambda,
  finish,
  LATENCY,
  type Run,
  type Skipped,
  type Summary,
  type TargetRun,
  type Trial,
  trainToTarget,
  write,
  writeJson,
} from "espalier";
import { readOrder } from "espalier/node";
import { choose, type RunChoices } from "../settings/choices.ts";
import { engineOf } from "../settings/engine-fields.ts";
import { methods, resolved } from "../settings/methods.ts";
import { openData, openModel, openTeacher } from "../settings/open.ts";
import { differingEnvironment, environmentOf, occupy, type RunFolder, writeRun } from "../settings/place.ts";
import { checkJudge } from "../settings/rank-fields.ts";
import { rankOptions, trainOptions } from "../settings/run-options.ts";
import { sayFinishing, saySearching } from "../terminal/events.ts";
import { openLatency } from "./latency.ts";
import { describeRun, trainIn, type Workshop } from "./training.ts";

/** A run that is checked and can start. */
export interface Job {
  readonly where: RunFolder;
  readonly choices: RunChoices;
  readonly shop: Workshop;
  /** With --lorita: weights that are trained as they are. */
  readonly notComposed: readonly Skipped[];
  /** The lambda of a run that says none, where one fits model and length; it is in `choices`, as if it had been said. */
  readonly chosen?: ChosenLambda;
}

export interface Outcome {
  readonly summary: Summary;
  /** Of a search for lambda, which ended at `lambda`. */
  readonly trials?: readonly Trial[];
  readonly lambda?: number;
}

interface Opening extends Pick<Workshop, "out" | "interruption" | "communicator"> {
  /** If it is open already. */
  readonly data?: Dataset;
}

/**
 * Opens data and model and checks the run; nothing is written or cleared.
 * @throws UsageError, EspalierError for what does not fit together, or does not run on this device
 */
export async function openJob(
  where: RunFolder,
  { out, interruption, data: opened, communicator }: Opening,
): Promise<Job> {
  const asked = choose(where.config);
  const data = opened ?? (await openData(asked));
  if (asked.rankRule) checkJudge(asked.rankRule, data);
  const { model, skipped: notComposed } = await openModel(asked, data);
  const teacher = await openTeacher(asked);
  const order = asked.order === undefined ? undefined : await readOrder(asked.order);
  const engine = engineOf(asked);
  const latency = await openLatency(asked, { model, engine, store: where.store, out });
  const chosen =
    where.config.lambda === undefined && asked.lambda !== undefined && !asked.targetSearch
      ? defaultLambda(model, data, trainOptions(asked, model, engine, { teacher, order, latency }))
      : undefined;
  const choices = chosen ? { ...asked, lambda: chosen.lambda, lambdaWarmup: chosen.lambdaWarmup } : asked;
  const shop: Workshop = { model, teacher, order, latency, data, engine, out, interruption, communicator };
  describeRun(where.store, choices, shop);
  await (await engine.load(write(model))).release();
  return { where, choices, shop, notComposed, ...(chosen && { chosen }) };
}

/** Called on the way. */
interface Stages {
  /** The directory is there, this process's alone, and can be written. */
  begun?(where: RunFolder): void | Promise<void>;
  /** All that can go on from where it was stopped is done: training, the choice of ranks, fine-tuning. */
  trained?(): void;
}

/**
 * Makes the run, in a folder that is locked meanwhile.
 * @returns undefined when it was interrupted; it has left then what it can go on from
 * @throws EspalierError when somebody else works in the folder
 */
export async function completeJob(job: Job, stages: Stages = {}): Promise<Outcome | undefined> {
  const { where, release } = await occupy(job.where);
  try {
    return await complete({ ...job, where }, stages);
  } finally {
    await release();
  }
}

async function complete(job: Job, stages: Stages): Promise<Outcome | undefined> {
  const { where, choices, shop } = job;
  const { engine, out } = shop;
  const config = resolved(choices, methods(choices));
  if (choices.overwrite) await clearRun(where.store);
  const ranks = shop.communicator?.size ?? 1;
  const differing = await differingEnvironment(where.store, engine, ranks);
  await writeRun(where.store, config, engine, ranks);
  if (shop.latency) await writeJson(where.store, LATENCY, shop.latency);
  await stages.begun?.(where);
  if (differing.length > 0)
    out.warn(
      `${out.colour.yellow("note:")} the run goes on with ${differing.join(", ")}: it need not end with the same bytes as one that was left alone`,
    );
  const found = await trained(job);
  if (!found?.run.finished) return undefined;
  const { run, lambda, trials } = found;
  const { signal } = shop.interruption;
  const say = sayFinishing(out);
  try {
    const { summary } = await finish(run, {
      ...rankOptions(choices),
      bakeNormalization: choices.bakeNormalization,
      store: where.store,
      title: `${choices.model} on ${shop.data.name}`,
      config,
      environment: environmentOf(engine, ranks),
      lambda,
      onEvent(event) {
        if (event.type === "shrinking") stages.trained?.();
        say(event);
      },
    });
    return { summary, ...(lambda !== undefined && { lambda, trials }) };
  } catch (e) {
    if (signal.aborted && e === signal.reason) return undefined;
    throw e;
  }
}

/** Trains; with --target-search whole runs, until the small model keeps the wanted share. */
async function trained({
  where: { store },
  choices,
  shop,
}: Job): Promise<({ readonly run: Run } & Partial<TargetRun>) | undefined> {
  if (!choices.targetSearch) return { run: await trainIn(store, choices, shop) };
  let first = true;
  return trainToTarget(
    (lambda, inner) => {
      const silent = !first;
      first = false;
      return trainIn(inner!, { ...choices, lambda, resume: true }, shop, silent);
    },
    { target: choices.targetParams!, start: choices.lambda, store, onEvent: saySearching(shop.out) },
  );
}
