/** What follows training: shrink, verify, measure, and write the files of the run directory. */
import {
  type BeforeAfter,
  bounding,
  type Cut,
  type Dataset,
  type EvaluateOptions,
  evaluate,
  FILES,
  inspect,
  layerRows,
  type Measured,
  normalizationOf,
  type Run,
  type RunReport,
  realInputs,
  removalRows,
  reportHtml,
  type Store,
  type Summary,
  shrink,
  summaryOf,
  type TimedModel,
  TRUNCATED,
  timedBatches,
  timeModels,
  verify,
  write,
  writeJson,
} from "espalier";
import { environment } from "espalier/node";
import type { Choices } from "./settings/choices.ts";
import { normalizationSetting } from "./settings/engine-fields.ts";
import { methods } from "./settings/methods.ts";
import { typed } from "./terminal/spelling.ts";
import type { Workshop } from "./training.ts";
import { truncateRun, truncateToKept } from "./truncation.ts";

export interface Finishing extends Workshop {
  readonly store: Store;
  readonly choices: Choices;
  /** The settings with every default filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The lambda that a search found. */
  readonly found: number | undefined;
}

/**
 * Each file is replaced as a whole; summary.json comes last and marks the run as finished.
 * @param trained called when the choice of ranks and fine-tuning are over; until then an interruption fails with the signal's reason
 */
export async function finish(run: Run, shop: Finishing, trained?: () => void): Promise<Summary> {
  const { engine, data, out, store, choices, config, found } = shop;
  const normalization = normalizationSetting(choices.normalize);
  const judging = { loss: methods(choices).loss, normalization };
  for (const text of run.shortfalls) out.warn(`${out.colour.yellow("note:")} ${typed(text)}`);
  const inputs = await realInputs(run.model, data, engine, normalization);
  const kept = run.history.at(-1)!.ranks;
  const ranked = choices.rankRule
    ? await truncateRun(run.model, inputs, shop, judging)
    : kept && (await truncateToKept(run.model, kept, inputs, shop, judging));
  trained?.();
  const full = ranked?.full ?? run.model;
  out.say(out.colour.dim("shrinking and verifying …"));
  const { model: small, certificate, verification } = await shrink(ranked?.truncated ?? full, { engine, inputs });
  const whole = ranked && (await verify(full, small, { engine, inputs, tolerance: Number.POSITIVE_INFINITY }));
  const lowRank = ranked && { ...ranked.lowRank, smallRelDiff: whole!.maxRel };
  const before: TimedModel = { model: full, bytes: write(full) };
  const after: TimedModel = { model: small, bytes: write(small) };
  await store.write(FILES.model, before.bytes);
  if (ranked) await store.write(TRUNCATED, write(ranked.truncated));
  await store.write(FILES.small, after.bytes);
  await writeJson(store, FILES.certificate, certificate);

  out.say(out.colour.dim("measuring …"));
  const { output, milestones } = choices;
  const measured = await measure(before, after, data, { engine, output, ...judging });
  const inspection = inspect(full);
  const cut: Cut = { full, small, lowRank, verifications: bounding(verification, whole, lowRank) };
  const summary = summaryOf(run, cut, measured, inspection, found);
  const [input] = full.graph.inputs;
  const report: RunReport = {
    title: `${choices.model} on ${data.name}`,
    config: { ...config, ...(found !== undefined && { lambda: found }) },
    environment: environment(engine),
    epochs: run.history,
    layers: layerRows(inspection, full, small, lowRank?.layers),
    summary,
    removals: removalRows(certificate),
    input: {
      name: input.name,
      shape: full.dims.get(input.name) ?? input.shape,
      output: output ?? full.graph.outputs[0].name,
      ...(normalization === null ? undefined : normalizationOf(full, data)),
    },
    milestones,
  };
  await store.write(FILES.report, new TextEncoder().encode(await reportHtml(report)));
  await writeJson(store, FILES.summary, summary);
  return summary;
}

async function measure(
  before: TimedModel,
  after: TimedModel,
  data: Dataset,
  judging: EvaluateOptions,
): Promise<Measured> {
  const scores = {
    before: await evaluate(before.model, data, judging),
    after: await evaluate(after.model, data, judging),
  };
  const latencies: BeforeAfter[] = [];
  for (const batch of timedBatches([before.model, after.model], [1, 128])) {
    const [a, b] = await timeModels(judging.engine, [before, after], batch);
    latencies.push({ before: a, after: b });
  }
  return { scores, bytes: { before: before.bytes.length, after: after.bytes.length }, latencies };
}
