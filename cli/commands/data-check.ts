/** `espalier data check`: what is in the data, before it is trained on. */
import { count, shapeText } from "espalier";
import { type DataCheck, datasets, type PartCheck } from "espalier/node";
import { dataArgumentFields, readerOptions } from "../settings/data-fields.ts";
import { notHere } from "../settings/open.ts";
import { command } from "../terminal/command.ts";
import { messageOf } from "../terminal/failure.ts";
import { writesNothing } from "../terminal/files.ts";
import type { Output } from "../terminal/output.ts";
import { typed } from "../terminal/spelling.ts";
import { terminalTable } from "../terminal/terminal-table.ts";

export const dataCheckCommand = () =>
  command({
    name: "check",
    about:
      "Looks at data before it is trained on: what is found, balance of classes, samples twice, columns that never change. Exit status 1 if it cannot be used.",
    arguments: [["<path>", "a path as --data takes it, or a name"]],
    fields: dataArgumentFields,
    examples: ["data check flowers.csv --label-columns species", "data check ./photos", "data check data.npz --json"],
    files: writesNothing,
    async run([name], values, out) {
      const checked = await datasets.check(name!, readerOptions(values)).catch((e) => {
        throw notHere(e, name!) ?? e;
      });
      out.result(checked, textOf(checked, out));
      return checked.errors.length > 0 ? 1 : 0;
    },
  });

function textOf({ name, kind, found, notes, warnings, errors }: DataCheck, out: Output): string {
  const { red, yellow } = out.colour;
  const rows: string[][] = [["found", kind]];
  if (found) {
    const { shape, classes, classNames, parts, range } = found;
    rows.push(["sample", `${shapeText(shape)}, numbers from ${shown(range[0])} to ${shown(range[1])}`]);
    rows.push(["classes", classes === null ? "none: the targets are numbers" : `${classes}`]);
    for (const [part, of] of Object.entries(parts)) rows.push([part, partText(of, classNames)]);
    if (found.looked) rows.push(["looked at", `${count(found.looked)} samples of a part, evenly spread`]);
  }
  const lines = [
    ...notes.map((note) => `note: ${typed(note)}`),
    ...warnings.map((warning) => `${yellow("warning:")} ${typed(warning)}`),
    ...errors.map((error) => `${red("error:")} ${messageOf(error)}`),
    ...(errors.length + warnings.length === 0 ? ["nothing looks wrong"] : []),
  ];
  return `${terminalTable({ head: [name, ""], text: [0, 1], rows }, out)}\n\n${lines.join("\n")}`;
}

const shown = (x: number): string => String(Number(x.toPrecision(4)));

/** "120 samples: setosa 40, versicolor 41, virginica 39" */
function partText({ count: n, perClass }: PartCheck, names?: readonly string[]): string {
  if (!perClass) return `${count(n)} samples`;
  const each = perClass.slice(0, 10).map((k, label) => `${names?.[label] ?? label} ${k}`);
  return `${count(n)} samples: ${each.join(", ")}${perClass.length > 10 ? " …" : ""}`;
}
