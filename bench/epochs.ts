/** Whole epochs of a run, one at a time, so that several runs can take turns: Espalier's and PyTorch's. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset } from "../src/data/dataset.ts";
import type { Split } from "../src/data/split.ts";
import type { Run } from "../src/train/run.ts";
import { othersDuring, runtimeOf } from "./machine.ts";
import { torchChild } from "./torch.ts";

/** What an epoch came to. */
export interface TimedEpoch {
  readonly seconds: number;
  readonly testAccuracy: number;
  /** Seconds of its steps, where that is known. */
  readonly steps?: number;
  /** Cores that other programs used meanwhile, where that is known. */
  readonly othersCores?: number;
}

/** A run that goes on by an epoch when it is told to. */
export interface TimedRun {
  readonly version: string;
  epoch(): Promise<TimedEpoch>;
  close(): Promise<void>;
}

/** Espalier's: whatever it does between two epochs belongs to the second. @param steps of an epoch */
export async function timedRun(run: Run, steps: number): Promise<TimedRun> {
  const epochs = run[Symbol.asyncIterator]();
  return {
    version: await runtimeOf(run.options.engine),
    async epoch() {
      const start = performance.now();
      const { result, cores } = await othersDuring(() => epochs.next());
      if (result.done) throw new Error("the run has no further epoch");
      const { testAccuracy, msPerStep } = result.value;
      const seconds = (performance.now() - start) / 1000;
      return { seconds, testAccuracy: testAccuracy ?? 0, steps: (msPerStep * steps) / 1000, othersCores: cores };
    },
    close: async () => void (await epochs.next()), // what comes behind the last epoch
  };
}

/** How PyTorch trains an epoch. */
export interface TorchEpoch {
  readonly lr: number;
  readonly c?: number;
  readonly restart?: boolean;
}

/** PyTorch's, on the same samples in the same order of splits. @param settings of an epoch, counted from 0 */
export async function torchRun(
  python: string,
  task: { readonly model: string; readonly batch: number; readonly threads: number; readonly method: string },
  data: Dataset,
  settings: (epoch: number) => TorchEpoch,
): Promise<TimedRun> {
  const folder = mkdtempSync(join(tmpdir(), "espalier-epochs-"));
  mkdirSync(folder, { recursive: true });
  for (const [name, split] of [
    ["train", data.train],
    ["test", data.test],
  ] as const)
    writeSplit(folder, name, split);
  const channels = data.shape[0];
  const { mean = Array(channels).fill(0), std = Array(channels).fill(1) } = data;
  const child = await torchChild(python, "epoch_torch.py", { ...task, folder, mean, std });
  let done = 0;
  return {
    version: `PyTorch ${child.version}`,
    async epoch() {
      const { seconds, accuracy } = await child.ask<{ seconds: number; accuracy: number }>(settings(done++));
      return { seconds, testAccuracy: accuracy };
    },
    close: () => child.close(),
  };
}

function writeSplit(folder: string, name: string, { x, y }: Split): void {
  if (!(x instanceof Uint8Array)) throw new Error("PyTorch's side takes pixels");
  writeFileSync(join(folder, `${name}-x`), x);
  writeFileSync(join(folder, `${name}-y`), Int32Array.from(y as ArrayLike<number>));
}
