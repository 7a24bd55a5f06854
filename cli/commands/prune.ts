/** `espalier prune`: one shot, without training: ranks channels, cuts the least important ones, says what that cost. */
import {
  changeRow,
  count,
  fileSize,
  type Pruned,
  type PrunedToLatency,
  type PruneOptions,
  percent,
  prune,
  pruneGroups,
  pruneMeasures,
  pruneRankings,
  pruneToLatency,
  removalRows,
  significant,
  type Table,
  UsageError,
  visible,
  write,
} from "espalier";
import { modelFileOf, readBytes, writeBytes } from "espalier/node";
import { asCut, bakingFields } from "../settings/baking.ts";
import { dataFields } from "../settings/data-fields.ts";
import { engineFields, engineOf } from "../settings/engine-fields.ts";
import {
  choice,
  integerField,
  latencyField,
  latencySaid,
  numberField,
  text,
  type ValuesOf,
} from "../settings/field.ts";
import { lossField, lossOf } from "../settings/losses.ts";
import { rewritingOf, rewrittenFields } from "../settings/model-fields.ts";
import { kebab } from "../settings/names.ts";
import { openDataset } from "../settings/open.ts";
import { trainFields } from "../settings/train-fields.ts";
import { command } from "../terminal/command.ts";
import { dataFiles, readInput, touched } from "../terminal/files.ts";
import { allOrNothing } from "../terminal/interrupt.ts";
import { fillFolder, folderOf, smallFile } from "../terminal/model-folder.ts";
import type { Output } from "../terminal/output.ts";
import { sayData, sayReading } from "../terminal/reading.ts";
import { terminalTable } from "../terminal/terminal-table.ts";
import { latencyReporter, takesText } from "./latency.ts";

const fields = {
  keep: numberField("the share that stays, such as 0.5 (default 0.7)", { above: 0, below: 1 }),
  targetLatency: latencyField(
    "in place of --keep: come to this time on this machine, with --threads: 2ms, or a share of what the model takes, such as 0.5; what saves no time stays",
  ),
  latencyBatch: integerField("target-latency: samples of a call (default 1)", { min: 1 }),
  of: choice("of what: params (default), macs (multiply-adds), bytes (of the file)", pruneMeasures),
  by: choice(
    "what ranks channels: magnitude (norms of weights by their layer's mean; default), with --data taylor (what the loss changes without it) or activation (its mean size)",
    pruneRankings,
  ),
  groups: choice(
    "what of an attention goes: coupled (whole heads, default) or head-width (an index of every head)",
    pruneGroups,
  ),
  least: numberField("the share of its channels that every layer keeps at least (default: a quarter of --keep)", {
    min: 0,
    max: 1,
  }),
  roundTo: integerField("widths that lose channels stay multiples of this, such as 8 (default 1)", { min: 1 }),
  freeze: trainFields.freeze,
  ...bakingFields,
  certificate: text(
    "write what was removed, from the model with zeros in place of what goes, to this file",
    "file.json",
  ),
  zeroed: text("write that model, which the certificate is of, to this file", "file.onnx"),
  ...rewrittenFields,
  ...dataFields,
  samples: integerField("training samples that calibrate (default 512)", { min: 1 }),
  loss: lossField,
  classAxis: trainFields.classAxis,
  output: text("the model's output that the loss attaches to (default: the first)", "name"),
  seed: integerField("of the drawing of samples (default 1)"),
  ...engineFields,
} as const;

const outputs = (
  to: string | undefined,
  { certificate, zeroed }: Pick<ValuesOf<typeof fields>, "certificate" | "zeroed">,
) => [...touched("<out.onnx>", to), ...touched("--certificate", certificate), ...touched("--zeroed", zeroed)];

export const pruneCommand = () =>
  command({
    name: "prune",
    about:
      "Removes the least important channels of a trained model at once, without training: the quick answer to what could be saved. Lossy: judge it by the accuracy, and train it on.",
    arguments: [
      ["<in.onnx>", "the model, or the folder that it lies in with its tokenizer and config.json"],
      ["<out.onnx>", "where the small one goes; of a folder, a folder"],
    ],
    fields,
    examples: [
      "prune model.onnx small.onnx --keep 0.7",
      "prune model.onnx small.onnx --keep 0.5 --by taylor --data mnist --data-root ~/data",
      "prune resnet.onnx small.onnx --keep 0.5 --of macs --round-to 8 --data cifar10",
      "prune model.onnx small.onnx --target-latency 2ms --threads 1 --data cifar10",
      "train --model small.onnx --data cifar10 --epochs 10   # what was lost comes back",
    ],
    files: async ([from, to], { data, dataRoot, ...asked }) => ({
      reads: [...touched("<in.onnx>", from), ...(await dataFiles(data, dataRoot))],
      writes: outputs(to === undefined ? to : await smallFile(from!, to), asked),
    }),
    run([from, to], values, out) {
      return allOrNothing(out, (signal) => pruneFile(from!, to!, values, out, signal));
    },
  });

async function pruneFile(
  from: string,
  asked: string,
  values: ValuesOf<typeof fields>,
  out: Output,
  signal: AbortSignal,
) {
  const { keep = 0.7, data: name, certificate, zeroed, loss, ...said } = values;
  checkTime(values);
  await folderOf(from, out);
  const to = await smallFile(from, asked);
  const given = await readInput(from, outputs(to, values), rewritingOf(values));
  sayReading(out, from, given);
  const { model: full, normalization } = await asCut(given, from, values);
  const fileBefore = (await readBytes(await modelFileOf(from))).length;
  const data = name ? await openDataset(name, { ...values, model: from }, given) : undefined;
  if (data) sayData(out, data, full, normalization);
  const { of = "params", by = "magnitude", groups = "coupled", least, roundTo, freeze, samples, output, seed } = said;
  const options: Omit<PruneOptions, "keep"> = {
    engine: engineOf(values),
    of,
    by,
    groups,
    freeze,
    output,
    data,
    loss: lossOf(loss, values),
    normalization,
    signal,
    ...(least !== undefined && { least }),
    ...(roundTo !== undefined && { roundTo }),
    ...(samples !== undefined && { samples }),
    ...(seed !== undefined && { seed }),
    onEvent: saying(out),
  };
  const { targetLatency, latencyBatch } = values;
  const done: Pruned & Partial<PrunedToLatency> =
    targetLatency === undefined
      ? await prune(full, { ...options, keep })
      : await pruneToLatency(full, {
          ...options,
          ...latencySaid(targetLatency),
          ...timing(out),
          ...(latencyBatch !== undefined && { batch: latencyBatch }),
        });
  signal.throwIfAborted();
  const bytes = write(done.model, { precision: values.precision });
  await writeBytes(to, bytes);
  const filled = await fillFolder(from, asked, out, { before: given, after: done.model, bytes });
  if (zeroed) await writeBytes(zeroed, write(done.zeroed));
  if (certificate)
    await writeBytes(certificate, new TextEncoder().encode(`${JSON.stringify(done.certificate, null, 2)}\n`));
  const size = { before: fileBefore, after: bytes.length };
  const { proof, verification, cost, layers, kept, scores, latency } = done;
  const result = {
    in: from,
    out: to,
    ...(filled && { folder: filled }),
    lossy: true,
    by,
    ...(latency ? { targetLatency, latency } : { of, keep }),
    kept,
    params: { before: cost.before.params, after: cost.after.params },
    macs: { before: cost.before.macs, after: cost.after.macs },
    bytes: size,
    layers,
    ...(scores && {
      accuracy: { before: scores.before.accuracy, after: scores.after.accuracy },
      loss: { before: scores.before.loss, after: scores.after.loss },
    }),
    verification,
    proof: { claims: proof.claims, proved: proof.proved },
    removed: removalRows(done.certificate),
  };
  const closing = `wrote ${to}, which ${latency ? takesText(latency) : `keeps ${percent(kept, 1)} of ${NOUNS[of]}`}; pruning is lossy${
    data ? ", and training brings much of it back" : " (say --data to see the accuracy)"
  }`;
  out.result(
    result,
    `${terminalTable(layerTable(layers), out)}\n\n${terminalTable(figures(done, size), out)}\n\n${closing}`,
  );
}

/** @throws UsageError for what a time excludes */
function checkTime({ targetLatency, latencyBatch, ...others }: ValuesOf<typeof fields>): void {
  const excluded = (["keep", "of", "roundTo"] as const).find((key) => others[key] !== undefined);
  if (targetLatency !== undefined && excluded)
    throw new UsageError(
      "conflict",
      "a time says how much goes, and which widths are fast",
      { got: `--target-latency ${targetLatency} --${kebab(excluded)} ${others[excluded]}` },
      "say one of them",
    );
  if (targetLatency === undefined && latencyBatch !== undefined)
    throw new UsageError(
      "missing",
      "a batch to be fast at belongs to a time",
      { got: `--latency-batch ${latencyBatch}`, wanted: "--target-latency" },
      "for example --target-latency 2ms --latency-batch 8",
    );
}

function timing(out: Output) {
  const { cache, onProgress } = latencyReporter(out);
  return { cache, onTable: onProgress };
}

const NOUNS = { params: "the parameters", macs: "the multiply-adds", bytes: "the bytes" } as const;

function saying(out: Output): NonNullable<PruneOptions["onEvent"]> {
  const dim = (line: string) => out.say(out.colour.dim(line));
  return (event) => {
    if (event.type === "baseline")
      out.say(
        event.score.accuracy === null
          ? `before pruning: loss ${significant(event.score.loss)}`
          : `before pruning: ${percent(event.score.accuracy)}`,
      );
    else if (event.type === "calibrating") dim(`calibrating with ${count(event.samples)} training samples …`);
    else dim(`  without ${count(event.removed)} of ${count(event.of)} channels: ${percent(event.kept, 1)} kept`);
  };
}

const layerTable = (layers: Pruned["layers"]): Table => ({
  head: ["channels made by", "before", "after", "gone"],
  text: [0],
  rows: layers.map(({ name, channels, removed }) => [
    visible(name),
    count(channels),
    count(channels - removed),
    percent(removed / channels, 1),
  ]),
});

function figures({ cost, scores }: Pruned, bytes: { readonly before: number; readonly after: number }): Table {
  const of = (what: "params" | "macs") => ({ before: cost.before[what], after: cost.after[what] });
  const { before, after } = scores ?? {};
  const quality =
    !before || !after
      ? []
      : before.accuracy !== null && after.accuracy !== null
        ? [["test accuracy", percent(before.accuracy), percent(after.accuracy), "lossy"]]
        : [["test loss", significant(before.loss), significant(after.loss), "lossy"]];
  return {
    head: ["", "before", "after", "change"],
    text: [0],
    rows: [
      ...quality,
      changeRow("parameters", count, of("params"), "fewer", "more"),
      changeRow("multiply-adds per example", count, of("macs"), "fewer", "more"),
      changeRow("file", fileSize, bytes, "smaller", "larger"),
    ],
  };
}
