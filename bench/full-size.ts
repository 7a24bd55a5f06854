/**
 * What full-size models take as PyTorch exports them: time and memory of reading, finding groups, writing, shrinking with verification
 * and proof, and of building and compiling a training step. Each phase runs in a process of its own. Prints a Markdown table and writes
 * bench/results/full-size.json.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { begin } from "../experiments/record.ts";
import { type FullSize, fullSizeTable, PHASES, type PhaseName, type Took } from "../experiments/run-tables.ts";
import { node } from "../src/engine/node.ts";
import { list, positiveInteger, root } from "./arguments.ts";
import { othersDuring, QUIET, quiet, runtimeOf } from "./machine.ts";

const EXAMPLE = `
Example:
  python bench/full_size.py /tmp/models && npm run build && node dist/bench/full-size.js --models /tmp/models`;

const names = ["resnet50", "mobilenet-v3", "vit-b-16", "bert-base"];
const program = new Command("full-size")
  .description("Measures time and memory of each phase on full-size models, each in a process of its own.")
  .requiredOption("--models <folder>", "where bench/full_size.py wrote the models")
  .option("--names <names>", "comma-separated", list(names), names)
  .option("--wait <s>", "seconds to wait for a quiet machine before each phase", positiveInteger, 0)
  .option("--draft", "write to runs/ only, from any sources", false)
  .addHelpText("after", EXAMPLE);
program.parse();
const options = program.opts<{ models: string; names: string[]; wait: number; draft: boolean }>();

const folder = root();
const recording = begin({
  name: "full-size",
  results: "bench/results",
  draft: options.draft,
  apart: { models: { type: "string" } },
  root: folder,
});
const versions = [await runtimeOf(node())];
const rows: FullSize[] = [];
const content = () => ({ settings: { batch: 8, zeroGroups: 0.3, seed: 1 }, rows });
const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), "espalier-full-size-"));
const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

async function phase(name: PhaseName, path: string): Promise<Took> {
  await quiet(options.wait);
  const script = join(folder, "dist/bench/full-size-phase.js");
  const sparse = join(scratch, "sparse.onnx");
  // the child's own work counts as another program's here
  const { result, cores } = await othersDuring(() => run(process.execPath, [script, name, path, sparse]));
  const took = JSON.parse(result.stdout) as Took;
  const others = Math.max(0, cores - took.wholeCpuSeconds / took.wholeSeconds);
  if (others > QUIET) console.error(`other programs used ${others.toFixed(1)} cores: ${name}'s figures mean little`);
  return took;
}

try {
  for (const name of options.names)
    for (const exporter of ["torchscript", "dynamo"]) {
      const path = join(options.models, `${name}-${exporter}.onnx`);
      const bytes = sizeOf(path) + sizeOf(`${path}.data`);
      const took: Partial<Record<PhaseName, Took>> = {};
      for (const p of PHASES) took[p] = await phase(p, path);
      rows.push({ model: name, exporter, bytes, took: took as Record<PhaseName, Took> });
      await recording.keep(versions, content());
      console.error(fullSizeTable({ rows: rows.slice(-1) }));
    }
} finally {
  rmSync(scratch, { recursive: true });
}
console.log(fullSizeTable({ rows }));
await recording.write(versions, content());
