/** Damaged data sets: IDX and CIFAR files, packed or not, in a folder or under a name; tar archives; arrays in memory. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { fromArrays } from "espalier";
import { datasets } from "espalier/node";
import { readCifar } from "../../src/data/cifar.ts";
import { readIdxSplit } from "../../src/data/idx.ts";
import { untar } from "../../src/data/tar.ts";
import type { Random } from "../../src/math/random.ts";
import { mutatedBytes } from "../mutate/bytes.ts";
import { chance, HOSTILE_NUMBERS, HOSTILE_TEXTS, pick } from "../mutate/pick.ts";
import { mutatedTree } from "../mutate/tree.ts";
import type { Attempt, Suite } from "../suite.ts";

const bytesFrom = (random: Random, n: number, below: number): Uint8Array =>
  Uint8Array.from({ length: n }, () => random.int(below));

function idx(random: Random, dims: readonly number[], below: number): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * dims.length));
  head.setUint32(0, 0x800 + dims.length);
  dims.forEach((d, i) => {
    head.setUint32(4 + 4 * i, d);
  });
  const body = bytesFrom(
    random,
    dims.reduce((a, b) => a * b, 1),
    below,
  );
  return Uint8Array.from([...new Uint8Array(head.buffer), ...body]);
}
const records = (random: Random, labels: readonly number[], n: number): Uint8Array =>
  Uint8Array.from(
    Array.from({ length: n }, () => [...labels.map((v) => random.int(v)), ...bytesFrom(random, 3072, 256)]).flat(),
  );

/** Whole files of each format, small. */
const formats: Readonly<Record<string, (random: Random) => Readonly<Record<string, Uint8Array>>>> = {
  idx: (random) => ({
    "train-images-idx3-ubyte": idx(random, [6, 4, 3], 256),
    "train-labels-idx1-ubyte": idx(random, [6], 10),
    "t10k-images-idx3-ubyte": idx(random, [3, 4, 3], 256),
    "t10k-labels-idx1-ubyte": idx(random, [3], 10),
  }),
  mnist: (random) => ({
    "train-images-idx3-ubyte": idx(random, [3, 28, 28], 256),
    "train-labels-idx1-ubyte": idx(random, [3], 10),
    "t10k-images-idx3-ubyte": idx(random, [2, 28, 28], 256),
    "t10k-labels-idx1-ubyte": idx(random, [2], 10),
  }),
  cifar10: (random) => ({ "data_batch_1.bin": records(random, [10], 2), "test_batch.bin": records(random, [10], 1) }),
  cifar100: (random) => ({ "train.bin": records(random, [20, 100], 2), "test.bin": records(random, [20, 100], 1) }),
};

/** A damaged file as it lies on the disk. */
function damaged(random: Random, bytes: Uint8Array): { packed: boolean; bytes: Uint8Array } {
  const packed = chance(random, 0.5);
  const whole = chance(random, 0.6) ? mutatedBytes(random, bytes) : bytes;
  if (!packed) return { packed, bytes: whole };
  const gz = new Uint8Array(gzipSync(whole));
  return { packed, bytes: chance(random, 0.4) ? mutatedBytes(random, gz) : gz };
}

async function files({ random, folder, keep }: Attempt): Promise<void> {
  const format = pick(random, Object.keys(formats));
  const within = format === "idx" ? "" : format;
  mkdirSync(join(folder, within), { recursive: true });
  for (const [name, bytes] of Object.entries(formats[format](random))) {
    if (chance(random, 0.03)) continue;
    const file = damaged(random, bytes);
    keep(join(within, file.packed ? `${name}.gz` : name), file.bytes);
  }
  const named = within !== "" && chance(random, 0.5);
  await (named ? datasets.info(within, { root: folder }) : datasets.info(join(folder, within)));
}

async function readers({ random, keep }: Attempt): Promise<void> {
  const [images, labels] = [idx(random, [5, 4, 3], 256), idx(random, [5], 12)].map((b) => mutatedBytes(random, b));
  keep("images", images);
  keep("labels", labels);
  if (chance(random, 0.5)) readIdxSplit({ file: "images", bytes: images }, { file: "labels", bytes: labels }, 10);
  else readCifar([{ file: "images", bytes: mutatedBytes(random, records(random, [10], 2)) }], "cifar10");
}

async function archive({ random, keep }: Attempt): Promise<void> {
  const entries = ["a.bin", "folder/b.bin"].flatMap((name) => {
    const [head, content] = [new Uint8Array(512), bytesFrom(random, 1 + random.int(600), 256)];
    head.set(new TextEncoder().encode(name));
    head.set(new TextEncoder().encode(content.length.toString(8).padStart(11, "0")), 124);
    head[156] = 0x30;
    return [...head, ...content, ...new Uint8Array((512 - (content.length % 512)) % 512)];
  });
  const bytes = mutatedBytes(random, Uint8Array.from([...entries, ...new Uint8Array(1024)]));
  keep("archive.tar", bytes);
  untar(bytes, ["a.bin", "b.bin"], "archive.tar");
}

async function arrays({ random, keep }: Attempt): Promise<void> {
  const x = Array.from({ length: 4 }, () => [random.normal(), random.normal()]);
  const good = {
    x,
    y: [0, 1, 2, 1],
    options: { name: "a", classes: 3, test: 0.25, mean: [0, 0], std: [1, 1], seed: 1 },
  };
  const odd = mutatedTree<unknown>(random, good) as typeof good;
  keep("arrays.json", JSON.stringify(odd));
  fromArrays(odd?.x, odd?.y, odd?.options);
  if (chance(random, 0.3)) fromArrays(pick<unknown>(random, [...HOSTILE_NUMBERS, ...HOSTILE_TEXTS]) as never, good.y);
}

export const fuzzData: Suite = {
  name: "fuzz-data",
  about: "mutated IDX, CIFAR, gzip and tar files, and arrays in memory: opened, with figures",
  share: 1,
  async run(attempt) {
    await pick(attempt.random, [files, files, readers, archive, arrays])(attempt);
    return "read";
  },
};
