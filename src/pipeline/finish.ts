/** What follows training: shrink, verify, measure, and write the files of the run. */

import { UsageError } from "../error.ts";
import { anObject, aStore, maybe, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { write } from "../onnx/write.ts";
import type { Certificate } from "../proof/certificate.ts";
import { reportHtml } from "../report/html.ts";
import type { RunReport, Summary } from "../report/results.ts";
import { type Inspection, inspect } from "../shrink/inspect.ts";
import { shrink } from "../shrink/shrink.ts";
import { type Verification, verify } from "../shrink/verify.ts";
import type { Normalization } from "../step/input.ts";
import { preprocessorConfig } from "../train/preprocessor-config.ts";
import { settingsOf } from "../train/record.ts";
import type { Run } from "../train/run.ts";
import { FILES, TRUNCATED } from "../train/run-files.ts";
import { type Store, writeJson } from "../train/store.ts";
import { collapseOf, collapseWords } from "./collapse.ts";
import { engineEnvironment } from "./environment.ts";
import type { FinishEvent } from "./events.ts";
import { leaving } from "./leaving.ts";
import { measure } from "./measure.ts";
import type { RankRule } from "./ranks.ts";
import { inputRow, layerRows, removalRows } from "./report-rows.ts";
import { bounding, type ShrunkRun, summaryOf } from "./summary.ts";
import type { TimedModel } from "./timing.ts";
import { truncateRun, truncateToKept } from "./truncation.ts";

/** Options of `finish`. */
export interface FinishOptions {
  /** Truncates singular values before shrinking, which is lossy. Default: not. */
  readonly rank?: RankRule;
  /** Epochs of training after truncation. Default 0. */
  readonly fineTune?: number;
  /**
   * Over how many batches of training samples batch norm's running statistics are taken anew after truncation and after the training
   * that follows it; false = not. Default 50. Shrinking removes what is exactly zero, which changes none of them.
   */
  readonly preciseStatistics?: number | false;
  /**
   * Puts the normalization into the models, which then take pixels 0 … 255 (`bakeNormalization`). Default: it stands in their metadata.
   */
  readonly bakeNormalization?: boolean;
  /** Where the files go. Default: where the run's went; if that is nowhere, nowhere. */
  readonly store?: Store;
  /** Of the report. Default: the model's name on the data's. */
  readonly title?: string;
  /** The settings that run.json and the report show. Default: the options of the run. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Versions and machine that they show: `environment(engine)` of "espalier/node". Default: what the engine says of itself. */
  readonly environment?: Readonly<Record<string, string | number>>;
  /** The λ that a search found. Default: there was none. */
  readonly lambda?: number;
  /** Called on the way. Default: nothing is told. */
  readonly onEvent?: (event: FinishEvent) => void;
}

/** What a run came to. */
export interface Finished {
  /** As trained; a composed model composed back. */
  readonly full: Model;
  /** Of lower rank, where singular values were truncated. */
  readonly truncated: Model | undefined;
  readonly small: Model;
  /** What was removed from the truncated model, or else from the full one, and why that is sound. */
  readonly certificate: Certificate;
  /** What compared the small model with it. */
  readonly verification: Verification;
  readonly summary: Summary;
  /** Everything that report.html shows; `reportHtml(report)` is that file. */
  readonly report: RunReport;
}

/**
 * Finishes a run: composes it back and truncates it if asked, shrinks it, verifies that nothing else changed, measures both models.
 * With a store it writes run.json, model.onnx, small.onnx, certificate.json and report.html, after a truncation truncated.onnx and
 * ranks.json; each replaces its file as a whole, and summary.json goes first and comes last, so it marks a finished run. The store is
 * locked meanwhile.
 * ```ts
 * const run = train(model, data, { engine, …, store });
 * for await (const epoch of run) console.log(epoch.loss);
 * const { small, summary } = await finish(run);
 * ```
 * @throws UsageError when the run is not finished, or is to be truncated after a target; EspalierError when small and full model do not agree (no model is written then),
 *   or somebody else writes to the store;
 *   the reason of the run's signal when that is aborted before shrinking
 */
export async function finish(run: Run, options: FinishOptions = {}): Promise<Finished> {
  wants(
    "finish",
    ["run", anObject, run],
    ["run", anObject, run, "options"],
    ["options", anObject, options],
    ["store", maybe(aStore), options, "store"],
  );
  const unlock = await (options.store ?? run.options.store)?.lock();
  try {
    return await whileLocked(run, options);
  } finally {
    await unlock?.();
  }
}

async function whileLocked(run: Run, options: FinishOptions): Promise<Finished> {
  const { engine } = run.options;
  const { store = run.options.store, rank, fineTune = 0, preciseStatistics, lambda, onEvent } = options;
  if (!run.finished)
    throw new UsageError(
      "misuse",
      "the run is not finished",
      {},
      "iterate it to its end first: for await (const epoch of run) …",
    );
  if (rank && run.options.target)
    throw new UsageError(
      "conflict",
      "a run that came to a target is not truncated: what was cut would come back",
      { got: `rank ${rank.rule}` },
      "finish without rank, then factorize the small model",
    );
  for (const words of run.shortfalls) onEvent?.({ type: "shortfall", words });
  const asTrained = await leaving(run, false);
  const kept = run.history.at(-1)?.ranks;
  const ranked = rank
    ? await truncateRun(run, { rank, fineTune, preciseStatistics, inputs: asTrained.inputs, store, onEvent })
    : kept && (await truncateToKept(run, kept, { inputs: asTrained.inputs, onEvent }));
  run.options.signal?.throwIfAborted();
  onEvent?.({ type: "shrinking" });
  const { judging, inputs, made } = options.bakeNormalization ? await leaving(run, true) : asTrained;
  const full = made(ranked?.full ?? run.model);
  const truncated = ranked && made(ranked.truncated);
  const { model: small, certificate, verification } = await shrink(truncated ?? full, { engine, inputs });
  const whole = ranked && (await verify(full, small, { engine, inputs, tolerance: Number.POSITIVE_INFINITY }));
  const lowRank = ranked && { ...ranked.lowRank, smallRelDiff: whole!.maxRel };
  const models = { full, truncated, small };
  const before: TimedModel = { model: full, bytes: write(full) };
  const after: TimedModel = { model: small, bytes: write(small) };
  const { config = settingsOf(run.options, run.data), environment = engineEnvironment(engine) } = options;
  if (store) {
    for (const name of [FILES.summary, FILES.report, TRUNCATED]) await store.remove(name); // they speak of what is replaced now
    await writeJson(store, FILES.run, { config, environment });
    await store.write(FILES.model, before.bytes);
    if (models.truncated) await store.write(TRUNCATED, write(models.truncated));
    await store.write(FILES.small, after.bytes);
    await writeJson(store, FILES.certificate, certificate);
    const expected = preprocessorConfig(small);
    if (expected) await writeJson(store, FILES.preprocessor, expected);
    else await store.remove(FILES.preprocessor);
  }
  onEvent?.({ type: "measuring" });
  const measured = await measure(before, after, run.data, judging, run.options.target);
  const { accuracy } = measured.scores.before;
  const collapse = await collapseOf(run, full, accuracy);
  if (collapse) onEvent?.({ type: "collapsed", collapse, words: collapseWords(collapse, accuracy!) });
  const inspection = inspect(full);
  const cut: ShrunkRun = { full, small, lowRank, verifications: bounding(verification, whole, lowRank) };
  const summary = summaryOf(run, cut, measured, inspection, lambda, collapse);
  const shown = { ...config, ...(lambda !== undefined && { lambda }) };
  const report = reportOf(run, cut, {
    config: shown,
    environment,
    title: options.title,
    ...(collapse && { collapsed: { words: collapseWords(collapse, accuracy!), fix: String(collapse.fix) } }),
    normalization: judging.normalization,
    summary,
    inspection,
    certificate,
  });
  if (store) {
    await store.write(FILES.report, new TextEncoder().encode(await reportHtml(report)));
    await writeJson(store, FILES.summary, summary);
  }
  return { ...models, certificate, verification, summary, report };
}

function reportOf(
  { options: { output, schedule }, data, history }: Run,
  { full, small, lowRank }: ShrunkRun,
  {
    title = `${full.graph.name} on ${data.name}`,
    inspection,
    certificate,
    normalization,
    ...said
  }: Pick<RunReport, "config" | "environment" | "summary" | "collapsed"> & {
    readonly title: string | undefined;
    readonly normalization: Normalization | null | undefined;
    readonly inspection: Inspection;
    readonly certificate: Certificate;
  },
): RunReport {
  return {
    title,
    ...said,
    epochs: history,
    layers: layerRows(inspection, full, small, lowRank?.layers),
    removals: removalRows(certificate),
    input: inputRow(full, output, normalization ?? undefined),
    milestones: schedule.milestones,
  };
}
