/** The library's tables in a terminal. */
import CliTable from "cli-table3";
import { type Table, turned, visible } from "espalier";
import type { Output } from "./output.ts";

const LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

export function terminalTable({ head, rows, text }: Table, { colour }: Output): string {
  const table = new CliTable({
    head: head.map((h) => colour.dim(visible(h))),
    chars: LINES,
    colAligns: head.map((_, j) => (text.includes(j) ? "left" : "right")),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  table.push(...rows.map((row) => row.map((cell) => visible(cell))));
  return table.toString().replaceAll(/ +$/gm, "");
}

/** A wide table, turned: its head down the side, its rows beside each other, in as many blocks as the width asks for. */
export function turnedTable({ head, rows }: Table, out: Output): string {
  const width = out.stream.columns ?? 100;
  const widest = (cells: readonly string[]) => Math.max(...cells.map((c) => [...visible(c)].length));
  const side = widest(head.slice(1));
  const blocks: (typeof rows)[] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const room = 2 + widest(row);
    if (used + room > width) {
      blocks.push([row]);
      used = side + room;
    } else {
      blocks.push([...blocks.pop()!, row]);
      used += room;
    }
  }
  return blocks.map((block) => terminalTable(turned({ head, rows: block, text: [] }), out)).join("\n\n");
}
