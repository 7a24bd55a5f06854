/**
 * Whole epochs beside PyTorch's, from the command to the first step, and the peak memory of steps. Writes bench/results/epoch.json.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { begin } from "../experiments/record.ts";
import { type EpochRow, epochTables } from "../experiments/speed-tables.ts";
import { fromArrays } from "../src/data/dataset.ts";
import { node } from "../src/engine/node.ts";
import { size } from "../src/graph/tensor.ts";
import { Random } from "../src/math/random.ts";
import { median } from "../src/math/statistics.ts";
import { builtIns } from "../src/models/index.ts";
import { directory } from "../src/node/directory.ts";
import { constant } from "../src/optim/schedule.ts";
import { sgd } from "../src/optim/sgd.ts";
import { train } from "../src/train/train.ts";
import { apartOfTorch, besideTorch, list, type RoundOptions, root, rounded } from "./arguments.ts";
import { timedRun, torchRun } from "./epochs.ts";
import { quiet } from "./machine.ts";
import type { BenchTask } from "./ours.ts";
import { helpOf, secondsToFirstStep } from "./start.ts";
import { torch } from "./torch.ts";

const BATCH = 128;
/** Samples of an epoch, and of its evaluation. */
const epochs: Readonly<Record<string, readonly [number, number]>> = { lenet5: [6400, 1280], resnet20: [1280, 256] };
const starts = [
  { args: ["--model", "lenet5", "--data", "digits"], wanted: 2 },
  { args: ["--model", "resnet50", "--data", "digits", "--batch-size", "16"], wanted: 10 },
];

const program = besideTorch(rounded(new Command("epoch")))
  .description(
    "Times whole epochs beside PyTorch's and the way from a command to its first step; peak memory of steps.",
  )
  .option("--memory <names>", "models whose steps' memory is measured", list([...builtIns.keys()]), [
    "vgg19",
    "resnet50",
  ])
  .addHelpText("after", "\nExample:\n  npm run build && node dist/bench/epoch.js --python /path/to/venv/bin/python");
program.parse();
const { rounds, threads, wait, draft, python, memory } = program.opts<
  RoundOptions & { python: string; memory: string[] }
>();
const recording = begin({ name: "epoch", results: "bench/results", draft, apart: apartOfTorch, root: root() });
const rows: EpochRow[] = [];
const versions = new Set<string>();
/** Of random images and weights. */
const content = () => ({ settings: { batch: BATCH, threads, rounds, seed: 1 }, rows });
const keep = (row: EpochRow) => {
  rows.push(row);
  return recording.keep([...versions], content()); // so that an interrupted benchmark keeps what it measured
};

async function epochRow(model: string, [samples, test]: readonly [number, number]): Promise<void> {
  const build = builtIns.get(model)!;
  const random = new Random(1, "digits");
  const drawn = (n: number) => ({
    x: new Uint8Array(n * size(build.spec.input)).map(() => random.int(256)),
    y: Int32Array.from({ length: n }, () => random.int(10)),
  });
  const half = Array.from({ length: build.spec.input[0] }, () => 0.5);
  const { x, y } = drawn(samples);
  const data = fromArrays(x, y, { shape: build.spec.input, classes: 10, test: drawn(test), mean: half, std: half });
  const folder = mkdtempSync(join(tmpdir(), "espalier-epoch-"));
  try {
    const run = train(build({ seed: 1 }), data, {
      engine: node({ threads }),
      optimizer: sgd(),
      schedule: constant({ lr: 0.01 }),
      epochs: rounds + 1,
      batchSize: BATCH,
      seed: 1,
      store: directory(folder),
    });
    const mine = await timedRun(run, samples / BATCH);
    const task = { model, batch: BATCH, threads, method: "sgd" };
    const theirs = await torchRun(python, task, data, () => ({ lr: 0.01 }));
    for (const side of [mine, theirs]) {
      versions.add(side.version);
      await side.epoch(); // warm-up
    }
    const times = { espalier: [] as number[], torch: [] as number[], steps: [] as number[], others: [] as number[] };
    for (let r = 0; r < rounds; r++) {
      await quiet(wait);
      if (r % 2) times.torch.push((await theirs.epoch()).seconds);
      const { seconds, steps = 0, othersCores = 0 } = await mine.epoch();
      times.espalier.push(seconds);
      times.steps.push(steps / seconds);
      times.others.push(othersCores);
      if (r % 2 === 0) times.torch.push((await theirs.epoch()).seconds);
    }
    for (const side of [mine, theirs]) await side.close();
    const { espalier, torch } = times;
    const ratio = median(espalier.map((s, i) => s / torch[i]));
    const [steps, othersCores] = [median(times.steps), median(times.others)];
    await keep({ kind: "epoch", model, samples, test, espalier, torch, ratio, steps, othersCores });
    console.error(`${model}: an epoch takes ${ratio.toFixed(2)} of PyTorch's`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function startRows(): Promise<void> {
  const help: number[] = [];
  const first = starts.map((): number[] => []);
  for (let r = 0; r < rounds; r++) {
    await quiet(wait);
    help.push(await helpOf());
    for (const [i, { args }] of starts.entries()) first[i].push(await secondsToFirstStep(args));
  }
  await keep({ kind: "start", command: "espalier --help", wanted: 0.15, seconds: help });
  for (const [i, { args, wanted }] of starts.entries())
    await keep({ kind: "start", command: `espalier train ${args.join(" ")}`, wanted, seconds: first[i] });
}

/** The most memory of a process that takes steps of a task. */
async function peakOf(task: BenchTask): Promise<number> {
  const child = join(root(), "dist/bench/memory-child.js");
  const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(task)]);
  return (JSON.parse(stdout) as { peak: number }).peak;
}

async function memoryRow(model: string): Promise<void> {
  const task = { model, batch: BATCH, threads, method: "sgd" };
  const espalier = await peakOf({ ...task, recompute: false });
  const recomputed = await peakOf({ ...task, recompute: true });
  const theirs = await torch(python, task);
  await theirs.steps(2);
  await keep({ kind: "memory", model, batch: BATCH, espalier, recomputed, torch: theirs.peak()! });
  await theirs.close();
  const [plain, again, torchs] = [espalier, recomputed, theirs.peak()!].map((bytes) => (bytes / 1e6).toFixed(0));
  console.error(`${model}: peak ${plain} MB, with --recompute ${again} MB, PyTorch ${torchs} MB`);
}

await startRows();
for (const [model, of] of Object.entries(epochs)) await epochRow(model, of);
for (const model of memory) await memoryRow(model);
console.log(epochTables({ rows }));
await recording.write([...versions], content());
