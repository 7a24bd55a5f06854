/** `espalier data check`: what is in the data, before it is trained on. */
import { count, shapeText } from "espalier";
import { type DataCheck, datasets, type PartCheck, writeBytes } from "espalier/node";
import { dataArgumentFields, readerOptions, textFields } from "../settings/data-fields.ts";
import { augmentation, integerField, text } from "../settings/field.ts";
import { notHere } from "../settings/open.ts";
import { textReading } from "../settings/text-reading.ts";
import { command } from "../terminal/command.ts";
import { messageOf } from "../terminal/failure.ts";
import { touched } from "../terminal/files.ts";
import type { Output } from "../terminal/output.ts";
import { typed, typedName } from "../terminal/spelling.ts";
import { terminalTable } from "../terminal/terminal-table.ts";

export const dataCheckCommand = () =>
  command({
    name: "check",
    about:
      "Looks at data before it is trained on: what is found, balance of classes, samples twice, columns that never change. Exit status 1 if it cannot be used.",
    arguments: [["<path>", "a path as --data takes it, or a name"]],
    fields: {
      ...dataArgumentFields,
      ...textFields,
      html: text("write a page with samples of the data, images as they are trained on, to this file", "file.html"),
      augment: augmentation("of --html: vary images as train --augment does (default: auto, as the data set says)"),
      seed: integerField("of --html: of order and augmentation, as for train (default 1)"),
    },
    examples: [
      "data check flowers.csv --label-columns species",
      "data check ./photos --resize 224x224 --augment flip,color-jitter=0.4 --html photos.html",
      "data check data.npz --json",
    ],
    files: ([name], { html }) => ({ reads: touched("<path>", name), writes: touched("--html", html) }),
    async run([name], { html, augment = "auto", seed, ...values }, out) {
      const reading = await textReading(values, undefined);
      const options = { ...readerOptions(values), ...(reading && { text: reading }) };
      const shown = {
        spell: typedName,
        ...(augment !== "auto" && { augment: augment === "none" ? null : augment }),
        ...(seed !== undefined && { seed }),
      };
      const looked = html === undefined ? datasets.check(name!, options) : datasets.page(name!, options, shown);
      const found = await looked.catch((e) => {
        throw notHere(e, name!) ?? e;
      });
      const checked = "check" in found ? found.check : found;
      if (html !== undefined && "html" in found) await writeBytes(html, new TextEncoder().encode(found.html));
      const wrote = html === undefined ? "" : `\n\nwrote ${html}`;
      out.result({ ...checked, ...(html !== undefined && { html }) }, textOf(checked, out) + wrote);
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
