/**
 * The share of an epoch that goes to reading images: a folder of JPEG files is made once, and a model is trained on some of them by turns
 * from the folder and from the same samples in memory. Prints a Markdown table. The files are as hard to decode as photographs: shapes
 * with edges and some noise.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import sharp from "sharp";
import { batches } from "../src/data/batches.ts";
import { type Dataset, limitTrain } from "../src/data/dataset.ts";
import { samplesAt } from "../src/data/source.ts";
import type { Augment } from "../src/data/split.ts";
import { node } from "../src/engine/node.ts";
import { Random } from "../src/math/random.ts";
import { median } from "../src/math/statistics.ts";
import { datasets } from "../src/node/datasets.ts";
import { readModel } from "../src/node/model-files.ts";
import { batchesAhead } from "../src/node/worker.ts";
import { constant } from "../src/optim/schedule.ts";
import { sgd } from "../src/optim/sgd.ts";
import { imagesFor } from "../src/train/images.ts";
import { train } from "../src/train/train.ts";
import { positiveInteger } from "./arguments.ts";
import { othersDuring } from "./machine.ts";

const program = new Command("images")
  .description("Measures what reading a folder of images costs an epoch.")
  .requiredOption("--model <file.onnx>", "such as mobilenet-v3-dynamo.onnx of bench/full_size.py")
  .option("--folder <path>", "where the images are, or are made", "runs/bench-images")
  .option("--images <n>", "files to make", positiveInteger, 20_000)
  .option("--stored <px>", "width of the files; their height is 3/4 of it", positiveInteger, 300)
  .option("--samples <n>", "images of a measured epoch", positiveInteger, 256)
  .option("--batch <n>", "samples per step", positiveInteger, 32)
  .option("--rounds <n>", "epochs of each kind, by turns", positiveInteger, 3)
  .option("--threads <n>", "threads", positiveInteger, Math.min(2, availableParallelism()))
  .option("--plain", "without augmentation", false)
  .addHelpText(
    "after",
    "\nExample:\n  python bench/full_size.py /tmp/models && npm run build && node dist/bench/images.js --model /tmp/models/mobilenet-v3-dynamo.onnx",
  );
program.parse();
interface Options {
  readonly model: string;
  readonly folder: string;
  readonly images: number;
  readonly stored: number;
  readonly samples: number;
  readonly batch: number;
  readonly rounds: number;
  readonly threads: number;
  readonly plain: boolean;
}
const options = program.opts<Options>();
const CLASSES = 10;

/** A picture that a JPEG decoder has work with: discs of random colours under a little noise. */
async function picture(seed: number, width: number, height: number): Promise<Buffer> {
  const random = new Random(seed, "digits");
  const pixels = new Uint8Array(width * height * 3);
  const discs = Array.from({ length: 12 }, () => ({
    x: random.int(width),
    y: random.int(height),
    r2: (8 + random.int(Math.floor(height / 3))) ** 2,
    color: [random.int(256), random.int(256), random.int(256)],
  }));
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const over = discs.findLast((d) => (d.x - x) ** 2 + (d.y - y) ** 2 < d.r2)?.color ?? [x % 256, y % 256, 128];
      const noise = (Math.imul(at + seed, 2654435761) >>> 28) - 8;
      for (let c = 0; c < 3; c++) pixels[at++] = Math.max(0, Math.min(255, over[c] + noise));
    }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

async function makeFolder({ folder, images, stored }: Options): Promise<void> {
  for (let c = 0; c < CLASSES; c++) mkdirSync(join(folder, `class${c}`), { recursive: true });
  const there = new Set(readdirSync(folder, { recursive: true }).map(String));
  for (let i = 0; i < images; i++) {
    const name = join(`class${i % CLASSES}`, `${i}.jpg`);
    if (!there.has(name)) writeFileSync(join(folder, name), await picture(i, stored, Math.round((stored * 3) / 4)));
  }
}

const seconds = async (work: () => Promise<void>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

await makeFolder(options);
const model = await readModel(options.model);
const opened = await seconds(
  async () => void (await datasets.open(options.folder, { images: imagesFor(model), preset: "imagenet" })),
);
const whole = await datasets.open(options.folder, { images: imagesFor(model), preset: "imagenet" });
const some = limitTrain(whole, options.samples, 1);
const folder: Dataset = { ...some, test: limitTrain({ ...some, train: whole.test }, 1).train };
const held = async (of: Dataset["train"]) => samplesAt(of, undefined, 0, of.count);
const memory: Dataset = {
  ...folder,
  train: await held(folder.train),
  test: await held(folder.test),
  batches: batchesAhead,
};
const augment: Augment | null = options.plain ? null : { flip: true, randomResizedCrop: [0.08, 1], colorJitter: 0.4 };
const { shape } = folder;

const epoch = (data: Dataset): Promise<number> =>
  seconds(async () => {
    const run = train(model, data, {
      engine: node({ threads: options.threads }),
      optimizer: sgd(),
      schedule: constant({ lr: 1e-3 }),
      epochs: 1,
      batchSize: options.batch,
      augment,
    });
    for await (const _ of run);
  });
const alone = (): Promise<number> =>
  seconds(async () => {
    const plan = { shape, batchSize: options.batch, seed: 1, ...(augment && { augment }) };
    for await (const _ of (folder.batches ?? batches)(folder.train, plan));
  });

const times = { memory: [] as number[], folder: [] as number[], alone: [] as number[] };
const { cores } = await othersDuring(async () => {
  for (let i = 0; i < options.rounds; i++) {
    times.memory.push(await epoch({ ...memory }));
    times.folder.push(await epoch(folder));
    times.alone.push(await alone());
  }
});
const n = folder.train.count;
const per = (list: readonly number[]) => ((1000 * median([...list])) / n).toFixed(2);
const share = 1 - median(times.memory) / median(times.folder);
console.log(`
${options.images} files of ${options.stored} px, opened in ${opened.toFixed(1)} s; ${n} samples of [${shape}] an epoch, batches of ${options.batch},
${options.threads} threads, ${options.plain ? "no augmentation" : "random part, flip, colours"}; median of ${options.rounds} rounds; other programs used ${cores.toFixed(2)} cores

| | ms an image |
|---|---|
| epoch, samples in memory | ${per(times.memory)} |
| epoch, samples from the folder | ${per(times.folder)} |
| reading alone, nothing trains | ${per(times.alone)} |

share of the epoch that reading takes: ${(100 * share).toFixed(1)} %`);
