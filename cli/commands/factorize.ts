/** `espalier factorize`: truncates singular values and writes layers of low rank as two smaller ones. */
import {
  cost,
  count,
  EspalierError,
  type EvaluateOptions,
  evaluate,
  factorize,
  fineTune,
  type RankRule,
  realInputs,
  UsageError,
  write,
} from "espalier";
import { readBytes, readModel, writeBytes, writePreprocessor } from "espalier/node";
import { dataFields, normalizationSetting } from "../settings/data-fields.ts";
import { checkDistilling, distillFields, distillOptions, ORIGINAL, teacherFile } from "../settings/distill-fields.ts";
import { engineFields, engineOf } from "../settings/engine-fields.ts";
import { choice, integerField, text, toggle, type ValuesOf } from "../settings/field.ts";
import { lossField, lossOf } from "../settings/losses.ts";
import { rewritingOf, rewrittenFields } from "../settings/model-fields.ts";
import { openDataset } from "../settings/open.ts";
import {
  checkJudge,
  fineTuneField,
  keepField,
  rankRule,
  relativeField,
  ruleField,
  toleranceField,
} from "../settings/rank-fields.ts";
import { trainFields } from "../settings/train-fields.ts";
import { command } from "../terminal/command.ts";
import { sayChoosing } from "../terminal/events.ts";
import { type FactorizedFile, factorizedText } from "../terminal/factorized.ts";
import { dataFiles, readInput, touched } from "../terminal/files.ts";
import { allOrNothing } from "../terminal/interrupt.ts";
import type { Output } from "../terminal/output.ts";
import { sayData, sayReading } from "../terminal/reading.ts";

const fields = {
  rule: ruleField(" (default: iterative with --data and without --keep, else global)"),
  keep: keepField,
  relative: relativeField,
  tolerance: toleranceField,
  dense: choice("layers that two would not make smaller: as they were (default), or their product of that rank", [
    "keep",
    "product",
  ]),
  fineTune: fineTuneField,
  freeze: trainFields.freeze,
  anyway: toggle("write the model even when nothing gets smaller"),
  ...rewrittenFields,
  ...dataFields,
  loss: lossField,
  classAxis: trainFields.classAxis,
  ...distillFields,
  output: text("the model's output that the loss attaches to (default: the first)", "name"),
  seed: integerField("of the samples that the iterative rule draws, and of fine-tuning (default 1)"),
  ...engineFields,
} as const;

export const factorizeCommand = () =>
  command({
    name: "factorize",
    about:
      "Truncates the singular values of a model's layers and writes those of low rank as two smaller layers. Lossy: judge it by the accuracy.",
    arguments: [
      ["<in.onnx>", "the model; layers that the library composed of several (compose) are composed back first"],
      ["<out.onnx>", "where the smaller one goes"],
    ],
    fields,
    examples: [
      "factorize model.onnx small.onnx --rule global --keep 0.25",
      "factorize model.onnx small.onnx --data mnist --data-root ~/data --tolerance 0.005",
      "factorize resnet.onnx small.onnx --rule local --keep 0.3 --data cifar10 --fine-tune 5",
    ],
    files: async ([from, to], { data, dataRoot, distill }) => ({
      reads: [
        ...touched("<in.onnx>", from),
        ...touched("--distill", teacherFile({ distill })),
        ...(await dataFiles(data, dataRoot)),
      ],
      writes: touched("<out.onnx>", to),
    }),
    run([from, to], values, out) {
      return allOrNothing(out, async (signal) => {
        const done = await factorizeFile(from!, to!, values, out, signal);
        out.result(done, factorizedText(done, out));
      });
    },
  });

/** @throws UsageError for flags that do not go together, before anything is read */
function ruleOf(values: ValuesOf<typeof fields>): RankRule {
  const rule = values.rule ?? (values.data && values.keep === undefined ? "iterative" : "global");
  const rank = rankRule({ rule, keep: values.keep, tolerance: values.tolerance, relative: values.relative });
  if (!values.data) checkJudge(rule, undefined);
  if (values.fineTune && !values.data)
    throw new UsageError("missing", "fine-tuning wants data", { wanted: "--data" }, "for example --data mnist");
  checkDistilling(values);
  if (values.distill !== undefined && !values.fineTune)
    throw new UsageError(
      "conflict",
      "only training has a teacher",
      { got: `--distill ${values.distill}` },
      "add --fine-tune 5, or leave it out",
    );
  return rank;
}

async function factorizeFile(
  from: string,
  to: string,
  values: ValuesOf<typeof fields>,
  out: Output,
  signal: AbortSignal,
): Promise<FactorizedFile> {
  const rank = ruleOf(values);
  const full = await readInput(from, touched("<out.onnx>", to), rewritingOf(values));
  sayReading(out, from, full);
  const fileBefore = (await readBytes(from)).length;
  const data = values.data ? await openDataset(values.data, { ...values, model: from }, full) : undefined;
  checkJudge(rank.rule, data);
  if (data) sayData(out, data, full, normalizationSetting(values.normalize));
  const teacher = values.distill === ORIGINAL ? full : values.distill && (await readModel(values.distill));
  const distill = distillOptions(values, teacher || undefined);
  const engine = engineOf(values);
  const scoring: EvaluateOptions = {
    engine,
    loss: lossOf(values.loss, values),
    output: values.output,
    normalization: normalizationSetting(values.normalize),
  };
  const judging = { ...scoring, seed: values.seed ?? 1, signal, onEvent: sayChoosing(out) };
  const { freeze, dense } = values;
  const inputs = await realInputs(full, data, engine, scoring.normalization);
  const found = await factorize(full, { ...judging, data, rank, freeze, dense, inputs });
  const { whole, model: truncated, layers, skipped, composedBack } = found;
  if (layers.length === 0)
    throw new EspalierError("nothing-to-do", "the model has no layer that could be factorized", {
      skipped: skipped.map((s) => `${s.weight} ${s.why}`).join("; ") || "it has no linear or convolutional layer",
    });
  const [a, b] = [cost(whole), cost(truncated)];
  if (b.params >= a.params && !values.anyway)
    throw new EspalierError(
      "nothing-to-do",
      "nothing gets smaller at these ranks, so nothing was written",
      { parameters: `${count(a.params)} → ${count(b.params)}`, rule: rank.rule },
      rank.rule === "iterative"
        ? "allow a larger --tolerance, or write it nevertheless with --anyway"
        : "use a smaller --keep, or write it nevertheless with --anyway",
    );
  const cut = data && (await evaluate(truncated, data, scoring));
  const small =
    data && values.fineTune
      ? (await fineTune(truncated, data, { ...judging, freeze, distill, epochs: values.fineTune })).model
      : truncated;
  const before = data && (await evaluate(whole, data, scoring));
  const after = data && (small === truncated ? cut : await evaluate(small, data, scoring));
  signal.throwIfAborted();
  const bytes = write(small, { precision: values.precision });
  await writeBytes(to, bytes);
  await writePreprocessor(to, small, from);
  return {
    in: from,
    out: to,
    rule: rank.rule,
    lossy: true,
    layers,
    skipped,
    params: { before: a.params, after: b.params },
    macs: { before: a.macs, after: b.macs },
    bytes: { before: composedBack ? write(whole).length : fileBefore, after: bytes.length },
    ...(before && {
      accuracy: { before: before.accuracy, truncated: cut!.accuracy, after: after!.accuracy },
      loss: { before: before.loss, truncated: cut!.loss, after: after!.loss },
    }),
    fineTuned: values.fineTune ?? 0,
    ...(composedBack && { composedBack }),
  };
}
