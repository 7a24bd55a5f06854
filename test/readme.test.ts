/** The README's library example runs as it stands and prints what is shown. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const between = (name: string) => readme.split(`<!-- ${name} -->`)[1].split(`<!-- /${name} -->`)[0];

test("the library example prints what the README shows", () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)![1];
  const shown = between("example").replaceAll("```", "").trim().split("\n");
  mkdirSync(join(root, "runs"), { recursive: true });
  const folder = mkdtempSync(join(root, "runs", "readme-")); // inside the package, so that "espalier" resolves to it
  try {
    writeFileSync(join(folder, "example.mjs"), code);
    const out = execFileSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8" }).trim().split("\n");
    const form = (line: string) => line.replaceAll(/[\d.]+(e-\d+)?/g, "#");
    expect(out.map(form)).toEqual(shown.map(form));
    expect(existsSync(join(folder, "runs", "lenet5", "small.onnx"))).toBe(true);
    const accuracy = Number(out.at(-2)!.split(" ")[2]);
    expect(accuracy).toBeGreaterThan(0.9);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
