/** What a command says: one result on standard output, as text or (with --json) as one JSON document. */
import pc from "picocolors";

export interface Output {
  readonly json: boolean;
  /** Where everything goes that is not the result; standard error with --json. */
  readonly stream: NodeJS.WriteStream;
  readonly colour: ReturnType<typeof pc.createColors>;
  /** A line for people. */
  say(line: string): void;
  /** A line that people should see even if they save standard output. */
  warn(line: string): void;
  /** The result; `text` is what people see. */
  result(data: unknown, text: string): void;
}

export function output(json: boolean): Output {
  const stream = json ? process.stderr : process.stdout;
  const colour = pc.createColors(pc.isColorSupported && stream.isTTY === true);
  return {
    json,
    stream,
    colour,
    say: (line) => void stream.write(`${line}\n`),
    warn: (line) => void process.stderr.write(`${line}\n`),
    result: (data, text) => void process.stdout.write(json ? `${JSON.stringify(data, null, 2)}\n` : `${text}\n`),
  };
}
