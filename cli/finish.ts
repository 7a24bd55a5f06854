/** What follows training: shrink, verify, measure, and write the files of the run directory. */
import {
  type BeforeAfter,
  cost,
  evaluate,
  inspect,
  isLossy,
  type Loss,
  normalizationOf,
  type Run,
  type RunReport,
  reportHtml,
  type Store,
  type Summary,
  shrink,
  verify,
  write,
} from "espalier";
import { normalizationSetting } from "./engine-fields.ts";
import { realInputs } from "./real-inputs.ts";
import { layerRows, removalRows } from "./report-rows.ts";
import { environment, FILES, TRUNCATED, writeJson } from "./run-directory.ts";
import { spelled } from "./spelling.ts";
import { batchSizes, type Timed, time } from "./timing.ts";
import { type Choices, methods } from "./train-plan.ts";
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
  const loss: Loss = methods(choices).loss;
  for (const text of run.shortfalls) out.warn(`${out.colour.yellow("note:")} ${spelled(text)}`);
  const inputs = await realInputs(run.model, data, engine, normalization);
  const judging = { loss, normalization };
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
  const apart = whole && !isLossy({ lowRank }) ? [whole, verification] : [verification];
  const before: Timed = { model: full, bytes: write(full) };
  const after: Timed = { model: small, bytes: write(small) };
  await store.write(FILES.model, before.bytes);
  if (ranked) await store.write(TRUNCATED, write(ranked.truncated));
  await store.write(FILES.small, after.bytes);
  await writeJson(store, FILES.certificate, certificate);

  out.say(out.colour.dim("measuring …"));
  const { output } = choices;
  const [scoreBefore, scoreAfter] = [
    await evaluate(full, data, { engine, loss, output, normalization }),
    await evaluate(small, data, { engine, loss, output, normalization }),
  ];
  const latencies: BeforeAfter[] = [];
  for (const batch of batchSizes([full, small], [1, 128])) {
    const [a, b] = await time(engine, [before, after], batch);
    latencies.push({ before: a, after: b });
  }
  const [costBefore, costAfter] = [cost(full), cost(small)];
  const inspection = inspect(full);
  const history = run.history;
  const last = history[history.length - 1];
  const seconds = history.reduce((sum, m) => sum + m.seconds, ranked?.lowRank.seconds ?? 0);
  const summary: Summary = {
    accuracy: scoreBefore.accuracy,
    smallAccuracy: scoreAfter.accuracy,
    loss: scoreBefore.loss,
    smallLoss: scoreAfter.loss,
    prunes: run.prunes,
    ...(found !== undefined && { lambda: found }),
    groupSparsity: last.groupSparsity,
    weightedGroupSparsity: last.weightedGroupSparsity,
    elementSparsity: last.elementSparsity,
    inputChannel: last.inputChannel,
    ...(last.ranks && { lowRankLevel: last.lowRankLevel, ranks: last.ranks }),
    layers: Object.fromEntries(inspection.layers.map((l) => [l.weight, { groups: l.groups, zero: l.zeroGroups }])),
    params: { before: costBefore.params, after: costAfter.params },
    macs: { before: costBefore.macs, after: costAfter.macs },
    bytes: { before: before.bytes.length, after: after.bytes.length },
    latencyMs: latencies[0],
    latencyMsBatch128: latencies[1] ?? latencies[0],
    ...(lowRank && { lowRank }),
    maxAbsDiff: Math.max(...apart.map((v) => v.maxAbs)),
    maxRelDiff: Math.max(...apart.map((v) => v.maxRel)),
    epochs: history.length,
    seconds,
    msPerStep: history.reduce((sum, m) => sum + m.msPerStep, 0) / history.length,
    structureStableSince: run.structureStableSince,
  };
  const [input] = full.graph.inputs;
  const report: RunReport = {
    title: `${choices.model} on ${data.name}`,
    config: { ...config, ...(found !== undefined && { lambda: found }) },
    environment: environment(engine),
    epochs: history,
    layers: layerRows(inspection, full, small, ranked?.lowRank.layers),
    summary,
    removals: removalRows(certificate),
    input: {
      name: input.name,
      shape: full.dims.get(input.name) ?? input.shape,
      output: output ?? full.graph.outputs[0].name,
      ...(normalization === null ? undefined : normalizationOf(full, data)),
    },
    milestones: choices.milestones,
  };
  await store.write(FILES.report, new TextEncoder().encode(await reportHtml(report)));
  await writeJson(store, FILES.summary, summary);
  return summary;
}
