/** `espalier inspect`: what a model is made of, and what could be removed from it. */
import { count, inspect as look, shapeText, type Table } from "espalier";
import { command } from "./command.ts";
import { readModel } from "./files.ts";
import { terminalTable } from "./terminal-table.ts";

export const inspect = () =>
  command({
    name: "inspect",
    about: "Prints a model layer by layer: shapes, cost, zero channels, and why something cannot be removed.",
    arguments: [["<file.onnx>", "the model"]],
    fields: {},
    examples: ["inspect runs/a/model.onnx", "inspect resnet18.onnx --json"],
    async run([file], _, out) {
      const model = await readModel(file!);
      const found = look(model);
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
        const rows = found.layers.flatMap((l) => l[key].map((why) => `  ${l.weight}: ${why}`));
        return rows.length ? [`\n${title}\n${rows.join("\n")}`] : [];
      };
      const lines = [
        terminalTable(table, out),
        ...reasons("outputs that must stay, whatever their weights", "obstacles"),
        ...reasons("zero, but kept", "kept"),
      ];
      out.result({ file, opset: model.opset, ...found }, lines.join("\n"));
      return 0;
    },
  });
