/** Images in a Parquet column, as Hugging Face keeps them: trained from the built package, where a worker decodes them. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Dataset, models, multiStep, rmda, train, write } from "espalier";
import { datasets, node } from "espalier/node";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, at } = commandLine();
const RECORD = 3073;
const CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split(" ");

/** CIFAR-10's binary records as rows of { img: { bytes, path }, label }. */
async function asParquet(records: Uint8Array): Promise<Uint8Array> {
  const all = Array.from({ length: records.length / RECORD }, (_, i) => records.subarray(i * RECORD, (i + 1) * RECORD));
  const img = [];
  for (const [i, record] of all.entries()) {
    const pixels = Uint8Array.from({ length: 3072 }, (_, p) => record[1 + (p % 3) * 1024 + Math.floor(p / 3)]);
    const bytes = await sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } })
      .png()
      .toBuffer();
    img.push({ bytes: new Uint8Array(bytes), path: `${i}.png` });
  }
  const features = { img: { _type: "Image" }, label: { names: CLASSES, _type: "ClassLabel" } };
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "img", data: img },
        { name: "label", data: all.map((record) => BigInt(record[0])) },
      ],
      schema: [
        { name: "root", num_children: 2 },
        { name: "img", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "label", type: "INT64", repetition_type: "REQUIRED" },
      ],
      rowGroupSize: 50,
      kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
    }),
  );
}

/** The trained weights, without what the metadata say of where they come from. */
async function trained(data: Dataset): Promise<Uint8Array> {
  const run = train(models.lenet5Small({ seed: 1, input: data.shape, classes: 10 }), data, {
    engine: node({ threads: 1 }),
    optimizer: rmda({ c: 0.1 }),
    schedule: multiStep({ lr: 0.05, milestones: [] }),
    epochs: 2,
    batchSize: 32,
    augment: { crop: 4, flip: true },
    normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
  });
  for await (const _ of run);
  return write({ ...run.model, metadata: new Map() });
}

async function sameWeights(
  name: string,
  parts: { readonly train: Uint8Array; readonly test: Uint8Array },
): Promise<void> {
  const [binary, table] = [at(name, "binary"), at(name, "table")];
  mkdirSync(binary, { recursive: true });
  mkdirSync(join(table, "data"), { recursive: true });
  writeFileSync(join(binary, "data_batch_1.bin"), parts.train);
  writeFileSync(join(binary, "test_batch.bin"), parts.test);
  for (const part of ["train", "test"] as const)
    writeFileSync(join(table, `data/${part}-00000-of-00001.parquet`), await asParquet(parts[part]));
  const [rows, files] = [await datasets.open(table), await datasets.open(binary)];
  expect([rows.train.source === undefined, rows.classNames]).toEqual([false, files.classNames]);
  expect(await trained(rows)).toEqual(await trained(files));
}

const random = (count: number): Uint8Array =>
  Uint8Array.from({ length: count * RECORD }, (_, i) =>
    i % RECORD === 0 ? (i / RECORD) % 10 : (i * 2654435761) >>> 24,
  );

test("a Parquet file of PNGs trains to the bytes of the binary files", () =>
  sameWeights("random", { train: random(80), test: random(20) }));

const real = process.env["ESPALIER_DATA"];

test.skipIf(!real)(`CIFAR-10's own images too${real ? "" : " (skipped: $ESPALIER_DATA is not set)"}`, async () => {
  const some = (name: string, count: number) =>
    gunzipSync(readFileSync(join(real!, "cifar10", `${name}.gz`))).subarray(0, count * RECORD);
  await sameWeights("real", { train: some("data_batch_1.bin", 1000), test: some("test_batch.bin", 200) });
});

test("an image that is broken is named by file and row", async () => {
  mkdirSync(at("broken"), { recursive: true });
  const img = Array.from({ length: 20 }, () => new Uint8Array(9));
  const good = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  for (const i of img.keys()) if (i !== 11) img[i] = new Uint8Array(good);
  const columnData = [
    { name: "image", data: img, type: "BYTE_ARRAY" as const },
    { name: "label", data: img.map((_, i) => BigInt(i % 2)), type: "INT64" as const },
  ];
  writeFileSync(at("broken/t.parquet"), new Uint8Array(parquetWriteBuffer({ columnData })));
  const checked = await espalier("data", "check", at("broken/t.parquet"));
  expect([checked.status, checked.stdout]).toEqual([1, expect.stringContaining("t.parquet, row 12")]);
});
