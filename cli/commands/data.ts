/** `espalier data`: what data sets there are, what is in them, getting them. */
import { Command } from "commander";
import { count, fileSize, percent, shapeText, type Table } from "espalier";
import { datasets } from "espalier/node";
import { dataArgumentFields, readerOptions } from "../settings/data-fields.ts";
import { notHere } from "../settings/open.ts";
import { command } from "../terminal/command.ts";
import { writesNothing } from "../terminal/files.ts";
import { below } from "../terminal/help.ts";
import type { Output } from "../terminal/output.ts";
import { typed } from "../terminal/spelling.ts";
import { terminalTable } from "../terminal/terminal-table.ts";
import { dataCheckCommand } from "./data-check.ts";

const fields = { dataRoot: dataArgumentFields.dataRoot };

const list = () =>
  command({
    name: "list",
    about: "Lists the data sets and says which are here.",
    fields,
    examples: ["data list", "data list --data-root ~/data --json"],
    files: writesNothing,
    async run(_, { dataRoot }, out) {
      const found = await datasets.list({ root: dataRoot });
      const rows = found.map((d) => [
        d.name,
        shapeText(d.shape),
        String(d.classes),
        d.here ? "yes" : d.files.length ? `partly; missing ${d.missing.join(", ")}` : "no",
      ]);
      const table: Table = { head: ["name", "sample", "classes", "here"], text: [0, 3], rows };
      const absent = found.find((d) => !d.here);
      const hint = absent ? `\n\nespalier data get ${absent.name} downloads what is missing.` : "";
      out.result(found, terminalTable(table, out) + hint);
      return 0;
    },
  });

const info = () =>
  command({
    name: "info",
    about: "Prints a data set's counts, shape and statistics.",
    arguments: [["<name>", "a name that espalier data list prints, or a path as --data takes it"]],
    fields: dataArgumentFields,
    examples: ["data info digits", "data info cifar10 --data-root ~/data", "data info ~/data/mnist --json"],
    files: writesNothing,
    async run([name], values, out) {
      const d = await datasets.info(name!, readerOptions(values)).catch((e) => {
        throw notHere(e, name!) ?? e;
      });
      const list = (x: readonly number[]) => x.map((v) => v.toFixed(4)).join(", ");
      const balance = ({ perClass }: typeof d.train) => {
        const labels = perClass?.reduce((a, b) => a + b, 0);
        return perClass && labels
          ? `; ${percent(Math.min(...perClass) / labels, 1)} to ${percent(Math.max(...perClass) / labels, 1)} in a class`
          : "";
      };
      const rows: string[][] = [
        ["sample", shapeText(d.shape)],
        [
          "classes",
          d.classes === null
            ? "none: the targets are numbers"
            : `${d.classes}${d.classNames ? `: ${d.classNames.slice(0, 10).join(", ")}${d.classes > 10 ? ", …" : ""}` : ""}`,
        ],
        ["training", count(d.train.count) + balance(d.train)],
        ["test", count(d.test.count) + balance(d.test)],
        ["measured", `mean ${list(d.measured.mean)}; std ${list(d.measured.std)}`],
        ...d.notes.map((note) => ["note", typed(note)]),
        ...(d.mean && d.std ? [["normalized by", `mean ${list(d.mean)}; std ${list(d.std)}`]] : []),
        ...d.files.map(({ path, bytes }, i) => [i === 0 ? "files" : "", `${path} (${fileSize(bytes)})`]),
      ];
      out.result(d, terminalTable({ head: [d.name, ""], text: [0, 1], rows }, out));
      return 0;
    },
  });

const get = () =>
  command({
    name: "get",
    about: "Downloads a data set from its publisher and checks it.",
    arguments: [["<name>", "a name that espalier data list prints"]],
    fields,
    examples: ["data get mnist", "data get cifar10 --data-root ~/data"],
    files: writesNothing,
    async run([name], { dataRoot }, out) {
      const { folder, downloaded } = await datasets.get(name!, { root: dataRoot, onProgress: downloads(out) });
      const said =
        name === "digits" ? "digits is drawn when it is used; there is nothing to download" : `${name} is in ${folder}`;
      out.result(
        { name, folder, downloaded },
        downloaded === 0 && name !== "digits" ? `${said}, complete and unchanged` : said,
      );
      return 0;
    },
  });

/** In a terminal a running count; elsewhere one line per file. */
function downloads(out: Output): (p: { file: string; received: number; total: number }) => void {
  let file = "";
  return (p) => {
    if (out.stream.isTTY)
      out.redraw(`${p.file}  ${fileSize(p.received)} of ${fileSize(p.total)}  ${p.received >= p.total ? "\n" : ""}`);
    else if (p.file !== file) out.say(`downloading ${p.file} (${fileSize(p.total)})`);
    file = p.file;
  };
}

export const dataCommand = (): Command =>
  below(
    new Command("data")
      .description("Lists, describes, checks and downloads data sets.")
      .helpOption("-h, --help", "show this help")
      .helpCommand(false)
      .addCommand(list())
      .addCommand(info())
      .addCommand(dataCheckCommand())
      .addCommand(get()),
    { examples: ["data list", "data info digits", "data check flowers.csv", "data get mnist --data-root ~/data"] },
  );
