import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { EspalierError, visible } from "espalier";
import { describe, expect, test, vi } from "vitest";
import { fail } from "./failure.ts";
import { type Output, output } from "./output.ts";
import { terminalTable, turnedTable } from "./terminal-table.ts";

/** A name that would clear the screen, paint, ring, set the title, ask the terminal, turn the line around and hide. */
const EVIL = "a\u001b[2J\u001b[31m\u0007\u001b]0;title\u0007\u009b6n\u007f\r\b\t\u202eb\u2066c\u200b\u2028\u{e0041}d";
const SHOWN =
  "a\\x1b[2J\\x1b[31m\\x07\\x1b]0;title\\x07\\x9b6n\\x7f\\r\\x08\\t\\u{202e}b\\u{2066}c\\u{200b}\\u{2028}\\u{e0041}d";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2066-\u2069\u{e0041}]/u;

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
const OURS = /\u001b\[(2|22|31|39)m/g;

/** What is written to standard output and standard error while something is said, in a terminal or not. */
function written(json: boolean, isTTY: boolean, say: (out: Output) => void): { stdout: string; stderr: string } {
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    vi.spyOn(process[name], "write").mockImplementation((chunk) => {
      text[name] += chunk;
      return true;
    });
    Object.defineProperty(process[name], "isTTY", { value: isTTY, configurable: true });
  }
  try {
    say(output(json));
  } finally {
    vi.restoreAllMocks();
  }
  return text;
}

test("what a terminal obeys is spelled out, and other letters stay", () => {
  expect(visible(EVIL)).toBe(SHOWN);
  expect(visible("λ W̃ 中文 é 👩‍🔬 ½ ↦\n")).toBe("λ W̃ 中文 é 👩‍🔬 ½ ↦\\n");
  expect(visible("a\nb", "\n")).toBe("a\nb");
});

describe.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])("with --json %s, in a terminal %s: a name from outside is never obeyed", (json, isTTY) => {
  const cases: readonly [string, (out: Output) => void][] = [
    ["a line", (out) => out.say(EVIL)],
    ["a warning", (out) => out.warn(EVIL)],
    ["a result", (out) => out.result({ [EVIL]: EVIL }, EVIL)],
    ["a name in a colour", (out) => out.say(out.colour.dim(EVIL))],
    ["a table", (out) => out.say(terminalTable({ head: [EVIL, "n"], text: [0], rows: [[EVIL, "1"]] }, out))],
    ["a turned table", (out) => out.say(turnedTable({ head: ["", EVIL], text: [0], rows: [[EVIL, EVIL]] }, out))],
    ["an error", (out) => void fail(new EspalierError("runtime", EVIL, { [EVIL]: EVIL }, EVIL), out)],
    ["an error of ours", (out) => void fail(new TypeError(EVIL), out)],
  ];
  test.each(cases)("%s", (_, say) => {
    const { stdout, stderr } = written(json, isTTY, say);
    expect((stdout + stderr).replaceAll(OURS, "")).not.toMatch(OBEYED);
    expect(stdout + stderr).not.toContain("\u001b[2J");
    expect(stdout + stderr).toContain(json && stdout ? "\\u001b[31m" : "\\x1b[31m");
    if (json && stdout) expect(JSON.stringify(JSON.parse(stdout))).toContain(JSON.stringify(EVIL).slice(1, -1));
  });
});

test("colours are put on in a terminal only, and a name cannot put one on", () => {
  const said = (isTTY: boolean) => written(false, isTTY, (out) => out.say(out.colour.red("x") + EVIL)).stdout;
  expect(said(false)).toBe(`x${SHOWN}\n`);
  expect([`\u001b[31mx\u001b[39m${SHOWN}\n`, `x${SHOWN}\n`]).toContain(said(true)); // as the environment has colours
});

test("a name with line breaks cannot end its line in a table or an error", () => {
  const { stderr } = written(
    false,
    false,
    (out) => void fail(new EspalierError("runtime", "x\ny", { at: "a\nb" }), out),
  );
  expect(stderr).toBe("error: x\n  y\n  at  a\n      b\n");
  const out = output(false);
  expect(terminalTable({ head: ["name"], text: [0], rows: [["a\nwrote b"]] }, out)).toContain("a\\nwrote b");
});

test("nothing else writes to the terminal", () => {
  const root = join(import.meta.dirname, "..");
  const files = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
      e.isDirectory() ? files(join(folder, e.name)) : [join(folder, e.name)],
    );
  const sources = files(root).filter((file) => !file.endsWith(".test.ts"));
  expect(sources.length).toBeGreaterThan(30);
  const writes = /console\.|\bstd(?:out|err)\.write|\.stream\.write|stream: out\.stream/;
  const writing = sources.filter((file) => writes.test(readFileSync(file, "utf8"))).map((f) => relative(root, f));
  expect(writing.sort()).toEqual(["terminal/output.ts", "terminal/progress.ts", "terminal/sweep-progress.ts"].sort()); // bars of figures, and of what forTerminal lets through
});
