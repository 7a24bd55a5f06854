/**
 * How long it takes from `npm i` in an empty folder to the first shrunk model: the packed package is installed there, then the commands
 * behind the README's first door run as they stand, one after the other.
 * Run: node dist/experiments/first-model.js [--draft]
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { begin, common } from "./record.ts";

const { values } = parseArgs({ options: common });
const recording = begin({ name: "first-model", draft: values.draft });
const door = readFileSync("README.md", "utf8").split("<!-- door -->")[1].split("<!-- /door -->")[0];
const commands = door.split("\n").filter((line) => line.startsWith("npx "));
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

const folder = mkdtempSync(join(tmpdir(), "espalier-first-"));
try {
  // without scripts: dist is what was built
  execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { stdio: "ignore" });
  const rows = [`npm i ./espalier-${version}.tgz`, ...commands].map((line) => {
    const command = line.split(/ +#/)[0];
    const started = performance.now();
    const { status, stderr } = spawnSync(command, { cwd: folder, shell: true, encoding: "utf8" });
    if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stderr}`);
    const seconds = (performance.now() - started) / 1000;
    console.error(`${seconds.toFixed(1)} s  ${command}`);
    return { command, seconds };
  });
  const bytes = (file: string) => statSync(join(folder, "runs", file)).size;
  await recording.write([`espalier ${version}`], {
    settings: { seed: 1, bytes: { before: bytes("yours/model.onnx"), after: bytes("mine/small.onnx") } },
    rows,
  });
} finally {
  rmSync(folder, { recursive: true });
}
