/** What the README says to run runs as it stands: the library's example, which prints what is shown, and the commands of the doors. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { cost, models, read } from "espalier";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const between = (name: string) => readme.split(`<!-- ${name} -->`)[1].split(`<!-- /${name} -->`)[0];

/** What the example prints: a line per epoch, then what was removed. */
const EPOCH = /^(\d+) (\d+\.\d{3}) (0(?:\.\d{1,3})?|1) ([01]\.\d{3})$/;
const LAST = /^accuracy (0\.\d+) → (0\.\d+), parameters (\d+) → (\d+), difference (\d\.\de-\d+)$/;

/** The numbers of what was printed. @throws where a line has another form */
function figures(lines: readonly string[]) {
  const numbers = (line: string, form: RegExp) => {
    const found = form.exec(line);
    if (!found) throw new Error(`"${line}" is not of the form ${form}`);
    return found.slice(1).map(Number);
  };
  const epochs = lines.slice(0, -1).map((line) => numbers(line, EPOCH));
  const [accuracy, smallAccuracy, before, after, difference] = numbers(lines[lines.length - 1], LAST);
  return { epochs, accuracy, smallAccuracy, before, after, difference };
}

const near = (got: number, shown: number, share: number, least: number) =>
  Math.abs(got - shown) <= Math.max(share * Math.abs(shown), least);

/**
 * The epoch that the example's optimizer starts anew in, and the next: how far the accuracy falls there and recovers is a matter of the
 * weights' last bits, 0.75 on one machine and 0.94 on another.
 */
const RESTARTED: Readonly<Record<number, number>> = { 8: 0.3, 9: 0.04 };

test("the library example prints what the README shows, as far as machines agree", { timeout: 900_000 }, () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)![1];
  const shown = figures(between("example").replaceAll("```", "").trim().split("\n"));
  mkdirSync(join(root, "runs"), { recursive: true });
  const folder = mkdtempSync(join(root, "runs", "readme-")); // inside the package, so that "espalier" resolves to it
  try {
    writeFileSync(join(folder, "example.mjs"), code);
    const out = execFileSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8" }).trim().split("\n");
    const got = figures(out);
    expect(got.epochs.map(([epoch]) => epoch)).toEqual(shown.epochs.map(([epoch]) => epoch));
    for (const [i, [epoch, loss, accuracy, sparsity]] of got.epochs.entries()) {
      const [, shownLoss, shownAccuracy, shownSparsity] = shown.epochs[i];
      const jump = RESTARTED[epoch];
      expect(near(loss, shownLoss, 0.1, jump ? 1 : 0.01), `epoch ${epoch}: loss ${loss}, shown ${shownLoss}`).toBe(
        true,
      );
      expect(near(accuracy, shownAccuracy, 0, jump ?? 0.015), `epoch ${epoch}: accuracy ${accuracy}`).toBe(true);
      expect(near(sparsity, shownSparsity, 0.1, 0), `epoch ${epoch}: sparsity ${sparsity}`).toBe(true); // 0 is 0 everywhere
    }
    const small = read(readFileSync(join(folder, "runs", "lenet5", "small.onnx")));
    expect(got.before).toBe(cost(models.lenet5({ seed: 1 })).params);
    expect(got.before).toBe(shown.before);
    expect(got.after).toBe(cost(small).params);
    expect(near(got.after, shown.after, 0.05, 0), `${got.after} parameters, shown ${shown.after}`).toBe(true);
    expect(got.accuracy).toBe(got.epochs.at(-1)![2]);
    expect(near(got.smallAccuracy, got.accuracy, 0, 0.001)).toBe(true); // a sample on the boundary
    for (const { difference } of [got, shown]) expect(difference).toBeLessThan(1e-5);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Six whole runs take minutes; a few epochs of each show that the configuration is one. */
function shorten(file: string): void {
  const whole = readFileSync(file, "utf8");
  const short = whole.replace(/^epochs: \d+$/m, "epochs: 3").replace(/^milestones: \[.*\]$/m, "milestones: [1, 2]");
  expect(short.match(/^(epochs: 3|milestones: \[1, 2\])$/gm)).toHaveLength(2);
  writeFileSync(file, short);
}

describe("the commands behind a door run as they stand, one after the other, the comparison for fewer epochs", () => {
  const doors = [...readme.matchAll(/<!-- door -->\n```sh\n([\s\S]*?)```\n<!-- \/door -->/g)].map(([, block]) => block);
  test("there are some", () => expect(doors.length).toBeGreaterThan(1));

  test.each(doors.map((block) => [block.split(" ").slice(1, 3).join(" "), block] as const))(
    "%s",
    { timeout: 900_000 },
    (_, block) => {
      mkdirSync(join(root, "runs"), { recursive: true });
      const folder = mkdtempSync(join(root, "runs", "readme-"));
      try {
        cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
        shorten(join(folder, "examples", "compare.yaml"));
        for (const line of block.trim().split("\n")) {
          const words = line.replace(/ +# .*$/, "").split(/ +/);
          expect(words.slice(0, 2)).toEqual(["npx", "espalier"]);
          const { status, stderr } = spawnSync(process.execPath, [join(root, "dist/cli/main.js"), ...words.slice(2)], {
            cwd: folder,
            encoding: "utf8",
          });
          expect([line, status, stderr]).toEqual([line, 0, expect.anything()]);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
