/** Images in a Parquet column, as Hugging Face keeps them: trained from the built package, where a worker decodes them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { datasets } from "espalier/node";
import { parquetWriteBuffer } from "hyparquet-writer";
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

const { espalier, at } = commandLine();

/** CIFAR-10's binary records as rows of { img: { bytes, path }, label }. */
async function asParquet(records: Uint8Array): Promise<Uint8Array> {
  const all = recordsOf(records);
  const img = [];
  for (const [i, record] of all.entries()) {
    const bytes = await sharp(pixelsOf(record), { raw: { width: 32, height: 32, channels: 3 } })
      .png()
      .toBuffer();
    img.push({ bytes: new Uint8Array(bytes), path: `${i}.png` });
  }
  const features = { img: { _type: "Image" }, label: { names: CIFAR_CLASSES, _type: "ClassLabel" } };
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

async function sameWeights(name: string, parts: CifarParts): Promise<void> {
  const [binary, table] = [at(name, "binary"), at(name, "table")];
  mkdirSync(binary, { recursive: true });
  mkdirSync(join(table, "data"), { recursive: true });
  writeFileSync(join(binary, "data_batch_1.bin"), parts.train);
  writeFileSync(join(binary, "test_batch.bin"), parts.test);
  for (const part of ["train", "test"] as const)
    writeFileSync(join(table, `data/${part}-00000-of-00001.parquet`), await asParquet(parts[part]));
  const [rows, files] = [await datasets.open(table), await datasets.open(binary)];
  expect([rows.train.source === undefined, rows.classNames]).toEqual([false, files.classNames]);
  expect(await trainedOnCifar(rows)).toEqual(await trainedOnCifar(files));
}

test("a Parquet file of PNGs trains to the bytes of the binary files", () => sameWeights("random", drawnCifar()));

const real = process.env["ESPALIER_DATA"];

test.skipIf(!real)(`CIFAR-10's own images too${real ? "" : " (skipped: $ESPALIER_DATA is not set)"}`, async () => {
  await sameWeights("real", realCifar(real!));
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
  expect(checked.stdout).toMatch(/1 broken image is left out: \S*t.parquet, row 12 \(/);
  const { train, test, notes } = await datasets.open(at("broken/t.parquet"), { skipBroken: true });
  expect([train.count + test.count, String(notes?.[0])]).toEqual([
    19,
    expect.stringContaining("are drawn for testing"),
  ]);
});

test("labels are classes as they are for a model that was trained on such", async () => {
  const image = new Uint8Array(
    await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
      .png()
      .toBuffer(),
  );
  const columnData = [
    { name: "image", data: Array.from({ length: 10 }, () => image), type: "BYTE_ARRAY" as const },
    { name: "label", data: Array.from({ length: 10 }, (_, i) => BigInt(1 + (i % 2))), type: "INT64" as const },
  ];
  writeFileSync(at("some.parquet"), new Uint8Array(parquetWriteBuffer({ columnData })));
  const { train, classes } = await datasets.open(at("some.parquet"), { encoding: { labels: ["label"] } });
  expect([classes, [...new Set(train.y)].sort()]).toEqual([3, [1, 2]]);
});
