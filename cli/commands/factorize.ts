/** `espalier factorize`: truncates singular values and writes layers of low rank as two smaller ones. */
import {
  cost,
  count,
  type Engine,
  EspalierError,
  type EvaluateOptions,
  evaluate,
  type Inputs,
  isComposed,
  type Model,
  realInputs,
  recompose,
  spectra,
  truncate,
  UsageError,
  type Verification,
  verify,
  write,
} from "espalier";
import { datasets, readBytes, readModel, writeBytes } from "espalier/node";
import { type Factorized, factorizedText } from "../factorized.ts";
import {
  checkJudge,
  checkRule,
  chooseRanks,
  fineTune,
  fineTuneField,
  keepField,
  relativeField,
  ruleField,
  toleranceField,
} from "../low-rank.ts";
import { dataFields, engineFields, engineOf, normalizationSetting } from "../settings/engine-fields.ts";
import { choice, integer, text, toggle, type ValuesOf } from "../settings/field.ts";
import { losses, lossField } from "../settings/losses.ts";
import { trainFields } from "../settings/train-fields.ts";
import { command } from "../terminal/command.ts";
import { checkTarget } from "../terminal/files.ts";
import { interruption } from "../terminal/interrupt.ts";
import type { Output } from "../terminal/output.ts";

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
  ...dataFields,
  loss: lossField,
  output: text("the model's output that the loss attaches to (default: the first)", "name"),
  seed: integer("of the samples that the iterative rule draws, and of fine-tuning (default 1)"),
  ...engineFields,
} as const;

export const factorize = () =>
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
    async run([from, to], values, out) {
      const interrupt = interruption((line) => out.warn(line), "stopping without writing anything");
      try {
        const done = await factorizeFile(from!, to!, values, out, interrupt.signal);
        out.result(done, factorizedText(done, out));
        return 0;
      } catch (e) {
        if (!interrupt.signal.aborted || e !== interrupt.signal.reason) throw e;
        out.result({ interrupted: true }, "stopped; nothing was written");
        return interrupt.status() ?? 1;
      } finally {
        interrupt.release();
      }
    },
  });

async function factorizeFile(
  from: string,
  to: string,
  values: ValuesOf<typeof fields>,
  out: Output,
  signal: AbortSignal,
): Promise<Factorized> {
  await checkTarget(to);
  const rule = values.rule ?? (values.data && values.keep === undefined ? "iterative" : "global");
  const ranking = { rule, keep: values.keep, tolerance: values.tolerance, relative: values.relative };
  checkRule(ranking);
  if (!values.data) checkJudge(rule, undefined);
  if (values.fineTune && !values.data)
    throw new UsageError("fine-tuning wants data", { wanted: "--data" }, "for example --data mnist");
  const full = await readModel(from);
  const fileBefore = (await readBytes(from)).length; // before it is perhaps written over
  const data = values.data ? await datasets.open(values.data, { root: values.dataRoot }) : undefined;
  checkJudge(rule, data);
  const engine = engineOf(values);
  const scoring: EvaluateOptions = {
    engine,
    loss: losses[values.loss ?? "crossEntropy"]({}),
    output: values.output,
    normalization: normalizationSetting(values.normalize),
  };
  const judging = { ...scoring, data, seed: values.seed ?? 1, out, signal };
  const { whole, composedBack } = await composeBack(
    full,
    await realInputs(full, data, engine, scoring.normalization),
    engine,
  );
  const { freeze } = values;
  const found = spectra(whole, { freeze });
  if (found.layers.length === 0)
    throw new EspalierError("the model has no layer that could be factorized", {
      skipped: found.skipped.map((s) => `${s.weight} ${s.why}`).join("; ") || "it has no linear or convolutional layer",
    });
  const ranks = await chooseRanks(found, ranking, judging);
  const { model: truncated, layers } = truncate(found, ranks, { dense: values.dense });
  const [a, b] = [cost(whole), cost(truncated)];
  if (b.params >= a.params && !values.anyway)
    throw new EspalierError(
      "nothing gets smaller at these ranks, so nothing was written",
      { parameters: `${count(a.params)} → ${count(b.params)}`, rule },
      rule === "iterative"
        ? "allow a larger --tolerance, or write it nevertheless with --anyway"
        : "use a smaller --keep, or write it nevertheless with --anyway",
    );
  const cut = data && (await evaluate(truncated, data, scoring));
  const small = values.fineTune
    ? (await fineTune(truncated, { ...judging, freeze, epochs: values.fineTune })).model
    : truncated;
  const before = data && (await evaluate(whole, data, scoring));
  const after = data && (small === truncated ? cut : await evaluate(small, data, scoring));
  signal.throwIfAborted();
  const bytes = write(small);
  await writeBytes(to, bytes);
  return {
    in: from,
    out: to,
    rule,
    lossy: true,
    layers,
    skipped: found.skipped,
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

/** A composed model as the architecture that it had; any other as it is. */
async function composeBack(
  full: Model,
  inputs: readonly Inputs[],
  engine: Engine,
): Promise<{ whole: Model; composedBack: Verification | undefined }> {
  if (!isComposed(full)) return { whole: full, composedBack: undefined };
  const whole = recompose(full);
  const composedBack = await verify(full, whole, { engine, inputs });
  if (composedBack.agree) return { whole, composedBack };
  throw new EspalierError("the model composed back does not agree with the composed one", {
    reason: composedBack.reason,
  });
}
