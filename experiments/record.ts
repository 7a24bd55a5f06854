/** What every experiment writes: its figures with seed, versions, machine and command, as JSON in experiments/results. */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Engine } from "espalier";

export interface Experiment {
  readonly name: string;
  readonly command: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly rows: readonly object[];
}

/** Writes experiments/results/NAME.json below the current folder. */
export async function record(engine: Engine, experiment: Experiment): Promise<void> {
  const folder = join("experiments", "results");
  await mkdir(folder, { recursive: true });
  const machine = {
    cpu: cpus()[0].model,
    cores: cpus().length,
    node: process.version,
    runtime: `${engine.name} ${engine.version}`,
  };
  await writeFile(join(folder, `${experiment.name}.json`), `${JSON.stringify({ ...experiment, machine }, null, 2)}\n`);
}

/** Mean and sample standard deviation. */
export function meanStd(xs: readonly number[]): { mean: number; std: number } {
  const mean = xs.reduce((a, b) => a + b, 0) / xs.length;
  const std = xs.length > 1 ? Math.sqrt(xs.reduce((s, x) => s + (x - mean) ** 2, 0) / (xs.length - 1)) : 0;
  return { mean, std };
}
