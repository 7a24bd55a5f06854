/** `espalier inspect`: what a model is made of, and what could be removed from it. */
import { basename } from "node:path";
import {
  count,
  inspect,
  networkHtml,
  type Sizes,
  type Spectra,
  type Spectrum,
  shapeText,
  significant,
  sizesOf,
  spectra,
  type Table,
  visible,
} from "espalier";
import { writeBytes } from "espalier/node";
import { text, toggle } from "../settings/field.ts";
import { modelFields, readingOf } from "../settings/model-fields.ts";
import { command } from "../terminal/command.ts";
import { readInput, touched } from "../terminal/files.ts";
import { folderOf } from "../terminal/model-folder.ts";
import type { Output } from "../terminal/output.ts";
import { terminalTable } from "../terminal/terminal-table.ts";

export const inspectCommand = () =>
  command({
    name: "inspect",
    about: "Prints a model layer by layer: shapes, cost, zero channels, and why something cannot be removed.",
    arguments: [["<file.onnx>", "the model"]],
    fields: {
      ...modelFields,
      html: text("draw the network as a page to read in a browser, and write it to this file", "file.html"),
      ranks: toggle("show each layer's singular values and effective ranks"),
    },
    examples: [
      "inspect runs/a/model.onnx",
      "inspect runs/a/model.onnx --ranks",
      "inspect resnet18.onnx --html resnet18.html   # a picture: blocks, shapes, groups, what stays and why",
      "inspect unet.onnx --dim height=256,width=256",
      "inspect resnet18.onnx --json",
    ],
    files: ([file], { html }) => ({ reads: touched("<file.onnx>", file), writes: touched("--html", html) }),
    async run([file], { html, ranks, ...read }, out) {
      await folderOf(file, out);
      const model = await readInput(file!, touched("--html", html), readingOf(read));
      const found = inspect(model);
      const of = (part: number, whole: number) => `${count(part)} of ${count(whole)}`;
      const table: Table = {
        head: ["weight", "operator", "shape", "parameters", "multiply-adds", "inputs zero", "outputs removable"],
        text: [0, 1],
        rows: [
          ...found.layers.map((l) => [
            l.weight,
            l.op,
            shapeText(l.shape),
            count(l.params),
            count(l.macs),
            of(l.zeroGroups, l.groups),
            of(l.removable, l.channels),
          ]),
          ["total", "", "", count(found.params), count(found.macs), "", ""],
        ],
      };
      const reasons = (title: string, key: "obstacles" | "kept") => {
        const rows = found.layers.flatMap((l) => l[key].map((why) => `  ${visible(`${l.weight}: ${why}`)}`));
        return rows.length ? [`\n${title}\n${rows.join("\n")}`] : [];
      };
      const ports = (title: string, list: typeof found.inputs) => [
        title,
        ...list.map((p) => `  ${visible(`${p.name}: ${p.dtype} ${shapeText(p.shape)}`)}`),
      ];
      const lines = [
        ...ports("inputs", found.inputs),
        ...ports("outputs", found.outputs),
        "",
        terminalTable(table, out),
        ...reasons("outputs that must stay, whatever their weights", "obstacles"),
        ...reasons("zero, but kept", "kept"),
      ];
      if (found.untrained.length)
        lines.push(
          "\nnot trained, since only float32 weights are",
          ...found.untrained.map((t) => `  ${visible(t.weight)}: ${t.dtype} ${shapeText(t.shape)}`),
        );
      if (found.constants.length)
        lines.push(
          "\nconstants, which are not trained (--train-only says otherwise)",
          ...found.constants.map((c) => `  ${visible(`${c.name} ${shapeText(c.shape)}: ${c.why}`)}`),
        );
      const { ties, partings } = found.sharing;
      const shared = [
        ...ties.map((t) => `${t.copy} is ${t.name}${t.transposed ? ", transposed" : ""}: ${t.why}`),
        ...partings.map((p) => `${p.name} stood for ${p.apart.join(", ")} too: ${p.why}`),
      ];
      if (shared.length)
        lines.push("\nstored twice, or once for several layers", ...shared.map((l) => `  ${visible(l)}`));
      const sizes = Object.fromEntries(sizesOf(model));
      if (Object.keys(sizes).length > 1)
        lines.push("\nfree sizes, looked at as (--dim says otherwise)", `  ${visible(sizesText(sizes))}`);
      if (found.training.length) lines.push("\ntraining mode", ...found.training.map((l) => `  ${visible(l)}`));
      if (found.layers.every((l) => l.zeroGroups === 0 && l.removable === 0))
        lines.push(
          "\nno input channel is exactly zero, so nothing can be removed yet: train with a penalty on groups first, for example",
          `  npx espalier train --model ${file} --data digits --penalty group-lasso --lambda 1e-3`,
        );
      const spectrum = ranks ? spectra(model) : undefined;
      if (spectrum) lines.push("", ...spectrumLines(spectrum, out));
      if (html) {
        await writeBytes(html, new TextEncoder().encode(await networkHtml(model, { title: basename(file!) })));
        lines.push("", `wrote ${html}`);
      }
      const result = {
        file,
        ...(html && { html }),
        opset: model.opset,
        sizes,
        ...found,
        ...(spectrum && { ranks: spectrum.layers.map(plain), skipped: spectrum.skipped }),
      };
      out.result(result, lines.join("\n"));
      return 0;
    },
  });

const sizesText = (sizes: Sizes): string =>
  Object.entries(sizes)
    .map(([symbol, n]) => `${symbol} ${n}`)
    .join(", ");

/** One row per layer: how fast its singular values fall, and three counts of those that matter. */
function spectrumLines({ layers, skipped }: Spectra, out: Output): string[] {
  const table: Table = {
    head: ["weight", "matrix", "largest", "smallest", "above 1 %", "99.9 % of energy", "effective rank"],
    text: [0],
    rows: layers.map((l) => [
      l.weight,
      `${l.rows}×${l.columns}`,
      significant(l.values[0]),
      significant(l.values[l.values.length - 1]),
      `${l.numericRank} of ${l.values.length}`,
      count(l.energyRank),
      l.effectiveRank.toFixed(1),
    ]),
  };
  const left = skipped.map((s) => `  ${visible(`${s.weight}: ${s.why}`)}`);
  return [
    "singular values of each layer as a matrix, outputs × inputs",
    terminalTable(table, out),
    ...(left.length ? ["\nwithout a matrix of its own", ...left] : []),
  ];
}

const plain = ({ weight, op, rows, columns, values, numericRank, energyRank, effectiveRank }: Spectrum) => ({
  weight,
  op,
  rows,
  columns,
  largest: values[0],
  smallest: values[values.length - 1],
  numericRank,
  energyRank,
  effectiveRank,
  values: [...values],
});
