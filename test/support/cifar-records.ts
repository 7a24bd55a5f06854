/** CIFAR-10's binary records, drawn or real, for tests that keep them in other ways and train to the same weights. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Dataset, models, multiStep, rmda, train, write } from "espalier";
import { node } from "espalier/node";

const RECORD = 3073;
export const CIFAR_CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split(" ");

/** The parts of a data set, record after record. */
export interface CifarParts {
  readonly train: Uint8Array;
  readonly test: Uint8Array;
}

/** One by one. */
export const recordsOf = (records: Uint8Array): Uint8Array[] =>
  Array.from({ length: records.length / RECORD }, (_, i) => records.subarray(i * RECORD, (i + 1) * RECORD));

/** A record's pixels as images are stored: channels last. */
export const pixelsOf = (record: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: 3072 }, (_, p) => record[1 + (p % 3) * 1024 + Math.floor(p / 3)]);

const drawn = (count: number): Uint8Array =>
  Uint8Array.from({ length: count * RECORD }, (_, i) =>
    i % RECORD === 0 ? (i / RECORD) % 10 : (i * 2654435761) >>> 24,
  );
export const drawnCifar = (): CifarParts => ({ train: drawn(80), test: drawn(20) });

/** The first records of the real set below a folder of data sets. */
export function realCifar(root: string): CifarParts {
  const some = (name: string, count: number) =>
    gunzipSync(readFileSync(join(root, "cifar10", `${name}.gz`))).subarray(0, count * RECORD);
  return { train: some("data_batch_1.bin", 1000), test: some("test_batch.bin", 200) };
}

/** The model of a short run, without what its metadata say of where the data come from. */
export async function trainedOnCifar(data: Dataset): Promise<Uint8Array> {
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
