/**
 * What a command says: one result on standard output, as text or (with --json) as one JSON document. Everything that reaches a
 * terminal passes here, and none of it that came from outside is obeyed there: names and messages cannot move the cursor, write
 * over what was said, or colour it. Only the colours that are put on here are let through, by a sign that nobody can guess.
 */
import { randomInt } from "node:crypto";
import type { Readable } from "node:stream";
import { visible, visibleJson } from "espalier";
import pc from "picocolors";
import { widthOf, wrapped } from "./wrap.ts";

const COLOURS = ["red", "yellow", "dim", "bold"] as const;
type Colour = (typeof COLOURS)[number];

export interface Output {
  readonly json: boolean;
  /** Where everything goes that is not the result; standard error with --json. For a bar that draws itself. */
  readonly stream: NodeJS.WriteStream;
  /** Texts that stand out where there are colours; to be said here. */
  readonly colour: Readonly<Record<Colour, (text: string) => string>>;
  /** A line for people. */
  say(line: string): void;
  /** In a terminal, a line in place of the one before. */
  redraw(line: string): void;
  /** A line that people should see even if they save standard output. */
  warn(line: string): void;
  /** The result; `text` is what people see. */
  result(data: unknown, text: string): void;
}

/** Parameters of our colours that no text from outside has; few and short enough for what measures widths to see them as none. */
const SIGN = Array.from({ length: 3 }, () => randomInt(1000, 10_000)).join(";");
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
const PLAIN = /\u001b\[(\d+)m/g;
const SIGNED = new RegExp(`\u001b\\[(\\d+);${SIGN}m`);

/** Text as a terminal may have it: lines, in our colours. For bars that draw themselves; all else is said by an `Output`. */
export const forTerminal = (text: string): string =>
  text
    .split(SIGNED)
    .map((part, i) => (i % 2 === 1 ? `\u001b[${part}m` : visible(part, "\n")))
    .join("");

function signed(paint: (text: string) => string): (text: string) => string {
  const [open, close] = paint("\0").replaceAll(PLAIN, `\u001b[$1;${SIGN}m`).split("\0");
  return (text) => open + text + close;
}

/** What a process of ours says of its own end. */
export const passOn = (said: Readable): void =>
  void said.on("data", (text: Buffer) => void process.stderr.write(forTerminal(text.toString())));

/** Says nothing: for runs of which somebody else tells. */
export const silent: Output = {
  json: false,
  stream: process.stderr,
  colour: { red: String, yellow: String, dim: String, bold: String },
  say() {},
  redraw() {},
  warn() {},
  result() {},
};

export function output(json: boolean): Output {
  const stream = json ? process.stderr : process.stdout;
  const paints = pc.createColors(pc.isColorSupported && stream.isTTY === true);
  const colours = COLOURS.map((name) => [name, signed(paints[name])] as const);
  return {
    json,
    stream,
    colour: Object.fromEntries(colours) as Output["colour"],
    say: (line) => void stream.write(`${forTerminal(line)}\n`),
    redraw: (line) => void stream.write(`\r${forTerminal(line)}`),
    warn(line) {
      const { isTTY } = process.stderr; // who reads it from a file searches in whole lines
      process.stderr.write(`${forTerminal(isTTY ? wrapped(line, widthOf(process.stderr)) : line)}\n`);
    },
    result: (data, text) =>
      void process.stdout.write(`${json ? visibleJson(JSON.stringify(data, null, 2)) : forTerminal(text)}\n`),
  };
}
