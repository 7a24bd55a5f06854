/**
 * `npm run bench`: every table of docs/performance.md in one run, each by its own command in a process of its own, then the page. What
 * was finished when it is interrupted is kept, and what was begun lies in runs/.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { Command } from "commander";
import { list, notNegative, root } from "./arguments.ts";

/** In the order of their importance; each takes --wait and --draft, and what it is timed beside from where a flag says. */
const tables: Readonly<Record<string, { readonly from?: "python" | "modules"; readonly shows: string }>> = {
  step: { from: "python", shows: "a training step beside PyTorch's" },
  epoch: { from: "python", shows: "whole epochs, from a command to its first step, peak memory" },
  whole: { from: "python", shows: "whole runs to a size" },
  inference: { shows: "shrunk models beside full ones" },
  overhead: { shows: "each optimizer beside momentum SGD" },
  profile: { from: "python", shows: "where a step's time goes, and what could be had" },
  javascript: { from: "modules", shows: "a training step beside TensorFlow.js's and jax-js's, if --modules is given" },
};
const names = Object.keys(tables);
const program = new Command("bench")
  .description("Makes the tables of docs/performance.md, on a machine that does nothing else.")
  .option("--only <names>", `comma-separated: ${names.join(", ")}`, list(names), names)
  .option("--python <path>", "an interpreter with torch and onnx", "python3")
  .option("--modules <folder>", "where @tensorflow/tfjs, @tensorflow/tfjs-backend-wasm and @jax-js/jax are installed")
  .option("--wait <s>", "seconds to wait for a quiet machine before each round; 0: take it as it is", notNegative, 30)
  .option("--draft", "write to runs/ only, from any sources", false)
  .addHelpText(
    "after",
    `\nTables:\n${names.map((name) => `  ${name.padEnd(10)} ${tables[name].shows}`).join("\n")}\n\nExample:\n  npm run bench -- --python /path/to/venv/bin/python`,
  );
program.parse();
const { only, wait, draft, ...places } = program.opts<{
  only: string[];
  python: string;
  modules?: string;
  wait: number;
  draft: boolean;
}>();
const folder = root();

/** Runs a program of dist/ to its end. @returns its exit status */
const run = (script: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join("dist", script), ...args], { cwd: folder, stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });

let failed = 0;
for (const name of names.filter((n) => only.includes(n))) {
  const { from, shows } = tables[name];
  const place = from && places[from];
  if (from && !place) {
    console.error(`\n${name}: left out, as there is no --${from}`);
    continue;
  }
  const begun = performance.now();
  console.error(`\n${name}: ${shows}`);
  const args = [`--wait=${wait}`, ...(draft ? ["--draft"] : []), ...(place ? [`--${from}=${place}`] : [])];
  if ((await run(`bench/${name}.js`, args)) !== 0) failed++;
  console.error(`${name}: ${((performance.now() - begun) / 60_000).toFixed(1)} minutes`);
}
if (!draft && (await run("experiments/results-doc.js", [])) !== 0) failed++;
process.exitCode = failed > 0 ? 1 : 0;
