/**
 * Writes docs/methods.md and a chart per method, by running the command that the page shows for each. What has been run before with the
 * same command is not run again; its metrics lie in experiments/results/methods.json.
 * Run: node dist/experiments/methods-doc.js [--draft]
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { courseChart, type EpochMetrics } from "espalier";
import { node } from "espalier/node";
import { kebab } from "../cli/settings/names.ts";
import { demoCommand, demos, methodsPage } from "./methods-page.ts";
import { begin, common } from "./record.ts";

interface Row {
  readonly method: string;
  readonly command: string;
  readonly history: readonly EpochMetrics[];
  /** At which it ran; null where that was before results carried it. */
  readonly commit: string | null;
}

const RESULT = "experiments/results/methods.json";

/** Runs a command of the page in a folder of its own. */
async function runCommand(command: string): Promise<EpochMetrics[]> {
  const folder = await mkdtemp(join(tmpdir(), "espalier-methods-"));
  try {
    const args = [...command.split(" ").slice(1), "--out", join(folder, "run")];
    const { status } = spawnSync(process.execPath, ["dist/cli/main.js", ...args], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) throw new Error(`${command} ended with status ${status}`);
    const lines = (await readFile(join(folder, "run", "metrics.jsonl"), "utf8")).trim().split("\n");
    return lines.map((line) => JSON.parse(line));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const { values } = parseArgs({ options: common });
const recording = begin({ name: "methods", draft: values.draft });
const before: readonly Row[] = existsSync(RESULT) ? JSON.parse(await readFile(RESULT, "utf8")).rows : [];
const rows: Row[] = [];
await mkdir("docs/methods", { recursive: true });
for (const method of Object.keys(demos)) {
  const command = demoCommand(method);
  const known = before.find((r) => r.method === method && r.command === command);
  const history = known?.history ?? (await runCommand(command));
  rows.push({ method, command, history, commit: known ? (known.commit ?? null) : recording.commit });
  const { svg } = await courseChart(`${method}: accuracy and sparsity over epochs`, history);
  await writeFile(`docs/methods/${kebab(method)}.svg`, svg);
  const { testAccuracy, groupSparsity, elementSparsity } = history.at(-1)!;
  console.log(method, testAccuracy, groupSparsity.toFixed(3), elementSparsity.toFixed(3));
  await recording.write(node(), { settings: { seed: 1 }, rows });
}
await writeFile("docs/methods.md", methodsPage());
