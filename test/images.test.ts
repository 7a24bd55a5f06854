/** Folders of images, from the built package as a user has it: the worker decodes, the command line opens them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { models, write } from "espalier";
import { datasets } from "espalier/node";
import sharp from "sharp";
import { expect, test } from "vitest";
import {
  CIFAR_CLASSES,
  type CifarParts,
  drawnCifar,
  pixelsOf,
  realCifar,
  recordsOf,
  trainedOnCifar,
} from "./support/cifar-records.ts";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at, json } = commandLine();

/** CIFAR-10's binary records as PNG files, CLASS/NUMBER.png; and the same records in that order, class after class. */
async function asImages(records: Uint8Array, folder: string): Promise<Uint8Array> {
  const all = recordsOf(records);
  const sorted = all.map((record, i) => ({ record, i })).sort((a, b) => a.record[0] - b.record[0] || a.i - b.i);
  for (const name of CIFAR_CLASSES) mkdirSync(join(folder, name), { recursive: true });
  for (const { record, i } of sorted) {
    const image = sharp(pixelsOf(record), { raw: { width: 32, height: 32, channels: 3 } });
    await image.png().toFile(join(folder, CIFAR_CLASSES[record[0]], `${String(i).padStart(6, "0")}.png`));
  }
  return Buffer.concat(sorted.map(({ record }) => record));
}

async function sameWeights(name: string, parts: CifarParts): Promise<void> {
  const [binary, images] = [at(name, "binary"), at(name, "images")];
  mkdirSync(binary, { recursive: true });
  writeFileSync(join(binary, "data_batch_1.bin"), await asImages(parts.train, join(images, "train")));
  writeFileSync(join(binary, "test_batch.bin"), await asImages(parts.test, join(images, "test")));
  const [folder, files] = [await datasets.open(images), await datasets.open(binary)];
  expect(folder.train.source).toBeDefined();
  expect(folder.classNames).toEqual(files.classNames);
  expect(await trainedOnCifar(folder)).toEqual(await trainedOnCifar(files));
}

test("a folder of PNGs trains to the bytes of the binary files", () => sameWeights("random", drawnCifar()));

const real = process.env["ESPALIER_DATA"];

test.skipIf(!real)(`CIFAR-10's own images too${real ? "" : " (skipped: $ESPALIER_DATA is not set)"}`, async () => {
  await sameWeights("real", realCifar(real!));
});

test("a command trains on a folder, another evaluates on it, and the model's file says how images were prepared", async () => {
  const folder = at("own");
  for (const [part, count] of [
    ["train", 24],
    ["val", 8],
  ] as const)
    for (let i = 0; i < count; i++) {
      const name = i % 2 ? "dark" : "light";
      mkdirSync(join(folder, part, name), { recursive: true });
      const level = (i % 2 ? 20 : 200) + i;
      const create = { width: 40 + i, height: 50, channels: 3, background: { r: level, g: level, b: level } } as const;
      await sharp({ create })
        .jpeg()
        .toFile(join(folder, part, name, `${i}.jpg`));
    }
  writeFileSync(join(folder, "train/dark/broken.jpg"), "");
  const args = ["--model", "lenet5-small", "--data", folder, "--threads", "1", "--epochs", "4", "--batch-size", "8"];
  const unsaid = await asked("train", ...args);
  expect([unsaid.status, unsaid.stderr]).toEqual([2, expect.stringContaining("fix   ")]);
  expect(unsaid.stderr).toContain("give --resize: a height and a width");
  const broken = await asked("train", ...args, "--resize", "36x32");
  expect([broken.status, broken.stderr]).toEqual([1, expect.stringContaining("broken.jpg")]);
  expect(broken.stderr).toContain("--skip-broken leaves out");
  const how = ["--preset", "imagenet", "--resize", "36", "--crop", "32", "--skip-broken"];
  const augment = ["--augment", "random-resized-crop=0.5:1,flip,color-jitter=0.1,rand-augment=1:3,cutout=4"];
  const ran = await espalier("train", ...args, ...how, ...augment, "--out", "run");
  expect(ran.status, ran.stderr).toBe(0);
  expect(ran.stderr).toContain("1 broken image is left out: dark/broken.jpg (the file is empty)");
  expect(ran.stderr).toContain("shorter side to 36 (bilinear), the middle 32 × 32");
  const { accuracy } = await json("run", "summary.json");
  expect(accuracy).toBe(1);
  const scored = await asked("evaluate", at("run/model.onnx"), "--data", folder, "--skip-broken", "--json");
  expect([scored.status, JSON.parse(scored.stdout || "{}").accuracy]).toEqual([0, 1]);
  const other = await asked("evaluate", at("run/model.onnx"), "--data", folder, "--skip-broken", "--resize", "30x30");
  expect([other.status, other.stderr]).toEqual([2, expect.stringContaining("another size than the model wants")]);

  const beside = { do_resize: true, size: { shortest_edge: 40 }, resample: 3, do_center_crop: true, crop_size: 32 };
  const half = { do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
  mkdirSync(at("hub/onnx"), { recursive: true });
  writeFileSync(at("hub/config.json"), JSON.stringify({ id2label: { 0: "dark", 1: "light" } }));
  writeFileSync(at("hub/preprocessor_config.json"), JSON.stringify({ ...beside, ...half }));
  writeFileSync(at("hub/onnx/model.onnx"), write(models.lenet5Small({ input: [3, 32, 32], classes: 2, seed: 1 })));
  const short = ["--threads", "1", "--epochs", "1", "--batch-size", "8", "--skip-broken"];
  const hub = await espalier("train", "--model", "hub", "--data", folder, ...short, "--out", "hub-run");
  expect(hub.status, hub.stderr).toBe(0);
  expect(hub.stderr).toContain("shorter side to 40 (bicubic), the middle 32 × 32");
});
