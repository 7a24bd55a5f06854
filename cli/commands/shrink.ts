/** `espalier shrink`: removes what is exactly zero, verifies, writes. */
import { join } from "node:path";
import {
  change,
  cost,
  count,
  counted,
  fileSize,
  keptInputs,
  realInputs,
  removalRows,
  shrink,
  significant,
  type Table,
  write,
} from "espalier";
import { modelFileOf, readBytes, writeBytes } from "espalier/node";
import { asCut, bakingFields, checkBaking } from "../settings/baking.ts";
import { dataFields } from "../settings/data-fields.ts";
import { engineFields, engineOf } from "../settings/engine-fields.ts";
import { integerField, numberField, text, texts } from "../settings/field.ts";
import { rewritingOf, rewrittenFields } from "../settings/model-fields.ts";
import { openDataset } from "../settings/open.ts";
import { command } from "../terminal/command.ts";
import { dataFiles, readInput, touched } from "../terminal/files.ts";
import { fillFolder, folderOf, smallFile } from "../terminal/model-folder.ts";
import { sayData, sayReading } from "../terminal/reading.ts";
import { terminalTable } from "../terminal/terminal-table.ts";
import { cutVocabulary, tokenizerFile, tokenMap } from "../terminal/vocabulary.ts";

interface Asked {
  readonly certificate?: string;
  readonly keepVocab?: string;
  readonly tokenizer?: string;
}
const outputs = (to: string | undefined, { certificate, keepVocab, tokenizer }: Asked) => [
  ...touched("<out.onnx>", to),
  ...touched("--certificate", certificate),
  ...(keepVocab !== undefined && to !== undefined ? touched("--keep-vocab: new ids", tokenMap(to)) : []),
  ...(tokenizer !== undefined && to !== undefined ? touched("--tokenizer: what is left", tokenizerFile(to)) : []),
];

export const shrinkCommand = () =>
  command({
    name: "shrink",
    about: "Removes what is exactly zero from a model, verifies that it computes the same, and writes the small one.",
    arguments: [
      ["<in.onnx>", "the model, or the folder that it lies in with its tokenizer and config.json"],
      ["<out.onnx>", "where the small one goes; of a folder, a folder"],
    ],
    fields: {
      certificate: text("write what was removed, and why that is sound, to this file", "file.json"),
      ...rewrittenFields,
      ...bakingFields,
      roundTo: integerField("widths that lose channels stay multiples of this, such as 8 (default 1)", { min: 1 }),
      tolerance: numberField("largest relative difference that still counts as the same (default 1e-4)", { min: 0 }),
      keepVocab: text(
        "keep the tokens of these ids alone, one per line; the small model takes new ids, which OUT.vocab.json tells",
        "ids.txt",
      ),
      vocabInput: text("the input of token ids, where several tables are looked up", "name"),
      vocabOutputs: texts("outputs whose last axis counts the tokens by a weight of their own", "name,…"),
      ...dataFields,
      tokenizer: text(
        "of texts in --data; with --keep-vocab it is cut along, into OUT.tokenizer.json (default: that of the model's folder)",
        "tokenizer.json",
      ),
      ...engineFields,
    },
    examples: [
      "shrink trained.onnx small.onnx",
      "shrink minilm/ minilm-small/   # tokenizer, config.json and all else that applies goes along",
      "shrink trained.onnx small.onnx --certificate certificate.json",
      "shrink half.onnx small.onnx --precision stored   # float16 in, float16 out",
      "shrink trained.onnx small.onnx --data mnist --data-root ~/data   # verify on real inputs too",
      "shrink trained.onnx small.onnx --bake-normalization   # takes pixels 0 … 255",
      "shrink trained.onnx small.onnx --round-to 8   # widths that kernels like",
      "shrink bert.onnx german.onnx --keep-vocab german-ids.txt   # rows of the embedding that other languages need go",
    ],
    files: async ([from, to], { data, dataRoot, ...asked }) => ({
      reads: [
        ...touched("<in.onnx>", from),
        ...touched("--keep-vocab", asked.keepVocab),
        ...touched("--tokenizer", asked.tokenizer),
        ...(await dataFiles(data, dataRoot)),
      ],
      writes: outputs(to === undefined ? to : await smallFile(from!, to), asked),
    }),
    async run([from, asked], values, out) {
      const folder = await folderOf(from, out);
      const to = await smallFile(from!, asked!);
      checkBaking(values);
      const asGiven = await readInput(from!, outputs(to, values), rewritingOf(values));
      sayReading(out, from!, asGiven);
      const { model: given, normalization } = await asCut(asGiven, from!, values);
      const fileBefore = (await readBytes(await modelFileOf(from!))).length;
      const engine = engineOf(values);
      const own = values.keepVocab && folder?.tokenizer ? join(from!, "tokenizer.json") : undefined;
      const cut = values.keepVocab || !values.data ? (values.tokenizer ?? own) : undefined;
      const vocabulary = await cutVocabulary(given, { ...values, tokenizer: cut }, engine);
      const full = vocabulary?.kept.model ?? given;
      const data = values.data ? await openDataset(values.data, { ...values, model: from }, asGiven) : undefined;
      if (data) sayData(out, data, given, normalization);
      const whole = await realInputs(given, data, engine, normalization);
      const left = vocabulary && keptInputs(whole, vocabulary.kept);
      if (left && left.samples < left.of)
        out.warn(
          `${out.colour.yellow("note:")} ${count(left.of - left.samples)} of ${count(left.of)} samples have tokens that go; the others are compared`,
        );
      const inputs = left?.inputs ?? whole;
      const { tolerance, roundTo } = values;
      const {
        model: small,
        certificate,
        proof: { claims, proved },
        verification,
      } = await shrink(full, { engine, inputs, roundTo, ...(tolerance !== undefined && { tolerance }) });
      const bytes = write(small, { precision: values.precision });
      await writeBytes(to, bytes);
      if (values.certificate)
        await writeBytes(
          values.certificate,
          new TextEncoder().encode(
            `${JSON.stringify({ ...certificate, ...(vocabulary && { vocabulary: vocabulary.record }) }, null, 2)}\n`,
          ),
        );

      const beside = vocabulary ? [tokenMap(to), ...(vocabulary.tokenizer ? [tokenizerFile(to)] : [])] : [];
      if (vocabulary) await writeBytes(tokenMap(to), vocabulary.map);
      if (vocabulary?.tokenizer) await writeBytes(tokenizerFile(to), vocabulary.tokenizer);

      const filled = await fillFolder(from!, asked!, out, {
        before: asGiven,
        after: small,
        bytes,
        ids: vocabulary?.kept.ids,
      });

      const [a, b] = [cost(asGiven), cost(small)];
      const size = { before: fileBefore, after: bytes.length };
      const table: Table = {
        head: ["", "before", "after", "change"],
        text: [0],
        rows: [
          ["parameters", count(a.params), count(b.params), change(a.params, b.params, "fewer", "more")],
          ["multiply-adds per example", count(a.macs), count(b.macs), change(a.macs, b.macs, "fewer", "more")],
          ["file", fileSize(size.before), fileSize(size.after), change(size.before, size.after, "smaller", "larger")],
          [
            "largest output difference",
            "",
            significant(verification.maxAbs),
            `${significant(verification.maxRel)} relative`,
          ],
        ],
      };
      const result = {
        in: from,
        out: to,
        ...(filled && { folder: filled }),
        params: { before: a.params, after: b.params },
        macs: { before: a.macs, after: b.macs },
        bytes: size,
        verification,
        proof: { claims, proved },
        removed: removalRows(certificate),
        ...(certificate.flushed && { flushed: certificate.flushed }),
        ...(vocabulary && { vocabulary: { ...vocabulary.result, map: tokenMap(to) } }),
      };
      const closing = claims
        ? `wrote ${to}; ${proved} of ${claims} removals are proved from ${from} alone`
        : `nothing ${vocabulary ? "else " : ""}could be removed; wrote ${to}${values.bakeNormalization ? " with the normalization in it" : vocabulary ? "" : " unchanged"} (espalier inspect says why)`;
      const said = vocabulary ? `\n\n${[...vocabulary.lines, `wrote ${beside.join(", ")}`].join("\n")}` : "";
      const flushed = certificate.flushed
        ? `\n${counted(certificate.flushed, "subnormal weight")} became 0, which no float32 output can tell and processors can`
        : "";
      out.result(result, `${terminalTable(table, out)}${said}\n\n${closing}${flushed}`);
      return 0;
    },
  });
