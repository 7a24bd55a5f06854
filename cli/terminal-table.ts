/** The library's tables in a terminal. */
import CliTable from "cli-table3";
import type { Table } from "espalier";
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
    head: head.map((h) => colour.dim(h)),
    chars: LINES,
    colAligns: head.map((_, j) => (text.includes(j) ? "left" : "right")),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString().replaceAll(/ +$/gm, "");
}
