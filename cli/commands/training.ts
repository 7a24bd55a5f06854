/** One training run of the library with live progress. */
import {
  baselineNote,
  type Communicator,
  type Dataset,
  type Engine,
  type EpochMetrics,
  fileSize,
  type MemoryEstimate,
  type Model,
  percent,
  type Run,
  type Store,
  significant,
  type TrainOptions,
  train,
} from "espalier";
import { tensorboard, watch } from "espalier/node";
import { boardOf } from "../settings/board.ts";
import type { RunChoices } from "../settings/choices.ts";
import { methods, resolved } from "../settings/methods.ts";
import { type Given, trainOptions } from "../settings/run-options.ts";
import type { Interruption } from "../terminal/interrupt.ts";
import type { Output } from "../terminal/output.ts";
import { reporter } from "../terminal/progress.ts";
import { typed } from "../terminal/spelling.ts";
import { tuningReporter } from "../terminal/tuning.ts";

/** What every run of a command shares. */
export interface Workshop extends Given {
  readonly model: Model;
  readonly data: Dataset;
  readonly engine: Engine;
  readonly out: Output;
  readonly interruption: Interruption;
  /** Hears every epoch that ends; a run that is stopped here has its checkpoint. */
  readonly onEpoch?: (metrics: EpochMetrics) => void;
  /** Other runs compute meanwhile, so that nothing is timed unless that is asked for. */
  readonly beside?: boolean;
  /** With --mpi. */
  readonly communicator?: Communicator;
}

/**
 * Describes the run; nothing is written yet.
 * @throws UsageError, EspalierError when settings, model and data do not fit together
 */
export const describeRun = (
  store: Store,
  s: RunChoices,
  { model, teacher, order, latency, data, engine, interruption, communicator }: Workshop,
  watch: Pick<TrainOptions, "onProgress" | "onBaseline" | "onMemory" | "tune"> = {},
): Run =>
  train(model, data, {
    ...trainOptions(s, model, engine, { teacher, order, latency }),
    store,
    resume: s.resume,
    signal: interruption.signal,
    communicator,
    ...watch,
  });

/**
 * Trains until the end or an interruption; which of the two, the run's `finished` says.
 * @param silent leaves out the notes on the settings, which a run before has had
 */
export async function trainIn(store: Store, s: RunChoices, shop: Workshop, silent = false): Promise<Run> {
  const { out } = shop;
  let first = true;
  const run = describeRun(store, s, shop, {
    tune: tuneOf(s, shop),
    onBaseline(score) {
      const { loss, accuracy } = score;
      out.say(
        `before training: ${accuracy === null ? `test loss ${significant(loss)}` : `${percent(accuracy)} test accuracy`}`,
      );
      const note = baselineNote(score, shop.data);
      if (note !== undefined) out.warn(`${out.colour.yellow("note:")} ${typed(note)}`);
    },
    onMemory: (estimate) => out.say(out.colour.dim(memoryText(estimate, s.recompute))),
    onProgress(p) {
      if (first && (p.epoch > 1 || p.step > 1)) out.say(`going on in epoch ${p.epoch} at step ${p.step} of ${p.steps}`);
      first = false;
      progress.step(p);
    },
  });
  for (const note of silent ? [] : run.notes) out.warn(`${out.colour.yellow("note:")} ${typed(note)}`);
  const progress = reporter(out, run.options.epochs, run);
  try {
    for await (const metrics of epochsOf(run, s, store, out)) {
      progress.epoch(metrics);
      shop.onEpoch?.(metrics);
    }
  } finally {
    progress.stop();
  }
  return run;
}

/** Whether its step is tuned. */
const tuneOf = ({ tune }: RunChoices, { out, beside = false }: Workshop): TrainOptions["tune"] =>
  (tune ?? !beside) && { ...tuningReporter(out), when: tune ? "always" : "long" };

/** The run's epochs; on the way written for TensorBoard, and shown on a page, where that is asked for. */
function epochsOf(run: Run, s: RunChoices, store: Store, out: Output): AsyncIterable<EpochMetrics> {
  const epochs = s.tensorboard ? tensorboard(run, boardOf(s.tensorboard, store), resolved(s, methods(s))) : run;
  if (s.watch === undefined || s.watch === false) return epochs;
  const port = s.watch === true ? 0 : s.watch;
  return watch(run, { port, epochs, title: s.model, onAddress: (url) => out.say(`follow the run at ${url}`) });
}

/** What memory a run is expected to take, and what was chosen for it. @param asked whether values are computed again, where that was said */
function memoryText(estimate: MemoryEstimate, asked: boolean | undefined): string {
  const { peak, state, step, evaluation, free, recompute } = estimate;
  const shares = `a step ${fileSize(step)}, weights and optimizer ${fileSize(state)}, an evaluation ${fileSize(evaluation)}`;
  const there =
    free === null ? "" : `, ${fileSize(free)} are free beside the ${fileSize(estimate.process)} taken already`;
  const chosen =
    recompute && asked === undefined ? "; to need less, steps compute values again, as with --recompute" : "";
  return `memory: about ${fileSize(peak)} at most (${shares})${there}${chosen}`;
}
