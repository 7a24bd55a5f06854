/** `espalier shrink`: removes what is exactly zero, verifies, writes. */
import {
  change,
  cost,
  count,
  fileSize,
  realInputs,
  removalRows,
  shrink,
  significant,
  type Table,
  write,
} from "espalier";
import { readBytes, writeBytes } from "espalier/node";
import { dataFields, engineFields, engineOf, normalizationSetting } from "../settings/engine-fields.ts";
import { numberField, text } from "../settings/field.ts";
import { openDataset } from "../settings/open.ts";
import { command } from "../terminal/command.ts";
import { dataFiles, readInput, touched } from "../terminal/files.ts";
import { sayReading } from "../terminal/reading.ts";
import { terminalTable } from "../terminal/terminal-table.ts";

const outputs = (to: string | undefined, certificate: string | undefined) => [
  ...touched("<out.onnx>", to),
  ...touched("--certificate", certificate),
];

export const shrinkCommand = () =>
  command({
    name: "shrink",
    about: "Removes what is exactly zero from a model, verifies that it computes the same, and writes the small one.",
    arguments: [
      ["<in.onnx>", "the model"],
      ["<out.onnx>", "where the small one goes"],
    ],
    fields: {
      certificate: text("write what was removed, and why that is sound, to this file", "file.json"),
      tolerance: numberField("largest relative difference that still counts as the same (default 1e-4)", { min: 0 }),
      ...dataFields,
      ...engineFields,
    },
    examples: [
      "shrink trained.onnx small.onnx",
      "shrink trained.onnx small.onnx --certificate certificate.json",
      "shrink trained.onnx small.onnx --data mnist --data-root ~/data   # verify on real inputs too",
    ],
    files: async ([from, to], { certificate, data, dataRoot }) => ({
      reads: [...touched("<in.onnx>", from), ...(await dataFiles(data, dataRoot))],
      writes: outputs(to, certificate),
    }),
    async run([from, to], values, out) {
      const full = await readInput(from!, outputs(to, values.certificate));
      sayReading(out, from!, full);
      const fileBefore = (await readBytes(from!)).length;
      const engine = engineOf(values);
      const data = values.data ? await openDataset(values.data, values.dataRoot) : undefined;
      const inputs = await realInputs(full, data, engine, normalizationSetting(values.normalize));
      const { tolerance } = values;
      const {
        model: small,
        certificate,
        proof: { claims, proved },
        verification,
      } = await shrink(full, { engine, inputs, ...(tolerance !== undefined && { tolerance }) });
      const bytes = write(small);
      await writeBytes(to!, bytes);
      if (values.certificate)
        await writeBytes(values.certificate, new TextEncoder().encode(`${JSON.stringify(certificate, null, 2)}\n`));

      const [a, b] = [cost(full), cost(small)];
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
        params: { before: a.params, after: b.params },
        macs: { before: a.macs, after: b.macs },
        bytes: size,
        verification,
        proof: { claims, proved },
        removed: removalRows(certificate),
      };
      const closing = claims
        ? `wrote ${to}; ${proved} of ${claims} removals are proved from ${from} alone`
        : `nothing could be removed; wrote ${to} unchanged (espalier inspect says why)`;
      out.result(result, `${terminalTable(table, out)}\n\n${closing}`);
      return 0;
    },
  });
