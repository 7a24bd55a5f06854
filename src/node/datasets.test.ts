/** Data sets in folders: small ones made here, and the real ones where $ESPALIER_DATA has them. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EspalierError } from "../error.ts";
import { Random } from "../math/random.ts";
import { datasets } from "./datasets.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "espalier-data-"));
});
afterAll(() => rm(root, { recursive: true }));

function idx(dims: readonly number[], data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * dims.length));
  [0x800 + dims.length, ...dims].forEach((d, i) => {
    head.setUint32(4 * i, d);
  });
  return Buffer.concat([new Uint8Array(head.buffer), data]);
}

const noise = new Random(3, "verify");
const bytes = (n: number, below = 256): Uint8Array => Uint8Array.from({ length: n }, () => noise.int(below));

/** A folder of MNIST's form; `change` replaces single files. */
async function folder(name: string, change: Readonly<Record<string, Uint8Array>> = {}, size = 28): Promise<string> {
  const path = join(root, name);
  await mkdir(path, { recursive: true });
  const files: Record<string, Uint8Array> = {
    "train-images-idx3-ubyte": idx([30, size, size], bytes(30 * size * size)),
    "train-labels-idx1-ubyte.gz": gzipSync(idx([30], bytes(30, 10))),
    "t10k-images-idx3-ubyte.gz": gzipSync(idx([20, size, size], bytes(20 * size * size))),
    "t10k-labels-idx1-ubyte": idx([20], bytes(20, 10)),
    ...change,
  };
  for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), content);
  return path;
}

const refusal = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => new Error("nothing was refused"),
    (e) => e,
  );
  expect(error).toBeInstanceOf(EspalierError);
  return error.message.replaceAll(root, "ROOT").replace(/near byte \d+ of \d+/, "near byte N");
};

test("a named data set is found under its name or in the root, packed or not", async () => {
  await folder("a/mnist");
  for (const place of ["a", "a/mnist"]) {
    const data = await datasets.open("mnist", { root: join(root, place) });
    expect(data).toMatchObject({ name: "mnist", shape: [1, 28, 28], classes: 10, mean: [0.1307], std: [0.3081] });
    expect([data.train.count, data.test.count]).toEqual([30, 20]);
    expect(data.augment).toBe(undefined);
  }
  const list = await datasets.list({ root: join(root, "a") });
  expect(list.map(({ name, here }) => [name, here])).toEqual([
    ["digits", true],
    ["mnist", true],
    ["fashion-mnist", false],
    ["cifar10", false],
    ["cifar100", false],
  ]);
  expect(list[1].files).toHaveLength(4);
});

test("CIFAR may come in fewer pieces, with any number of records", async () => {
  const record = (label: number): Uint8Array => Buffer.concat([Uint8Array.of(label), bytes(3072)]);
  const files = { "data_batch_2.bin.gz": gzipSync(Buffer.concat([record(3), record(9)])), "test_batch.bin": record(0) };
  await mkdir(join(root, "b/cifar10"), { recursive: true });
  for (const [file, content] of Object.entries(files)) await writeFile(join(root, "b/cifar10", file), content);
  const data = await datasets.open("cifar10", { root: join(root, "b") });
  expect([...data.train.y]).toEqual([3, 9]);
  expect(data.augment).toEqual({ crop: 4, flip: true });
  expect((await datasets.open(join(root, "b/cifar10"))).train.count).toBe(2);
});

test("a folder of one's own: shape and classes from the files, statistics measured", async () => {
  const info = await datasets.info(await folder("own", {}, 9));
  expect(info).toMatchObject({ shape: [1, 9, 9], train: { count: 30 }, test: { count: 20 } });
  expect(info.measured).toEqual({ mean: info.mean, std: info.std });
  expect(info.train.perClass?.reduce((a, b) => a + b)).toBe(30);
  expect(info.files).toHaveLength(4);
});

test("digits read no folder", async () => {
  const data = await datasets.open("digits", { root: "/nowhere", digits: { train: 20, test: 10 } });
  expect([data.train.count, data.test.count]).toEqual([20, 10]);
});

test("what is missing is said, and where it was looked for", async () => {
  expect({
    missing: await refusal(datasets.open("cifar100", { root: join(root, "none") })),
    path: await refusal(datasets.open(join(root, "none"))),
    name: await refusal(datasets.open("minst")),
    empty: await refusal(datasets.open(await mkdtemp(join(root, "empty-"))).catch((e) => Promise.reject(e))).then((m) =>
      m.replace(/empty-\w+/, "empty"),
    ),
  }).toMatchInlineSnapshot(`
    {
      "empty": "the folder holds no data set that Espalier reads
      folder  ROOT/empty
      got     nothing
      wanted  train and test as .csv, .tsv, .jsonl or .parquet, also in data/ (data/train-00000-of-00001.parquet); the four IDX files of MNIST, data_batch_*.bin and test_batch.bin, or train.bin and test.bin; or NAME.gz; x.npy and y.npy, or x_train.npy, y_train.npy, x_test.npy, y_test.npy; train/CLASS/*.jpg with val or test beside it, or CLASS/*.jpg (jpg, png, webp, gif, tif, avif)",
      "missing": "the data set cifar100 is not here
      missing    train.bin[.gz], test.bin[.gz]
      looked in  ROOT/none/cifar100, ROOT/none/cifar-100-binary, ROOT/none
      fix        get it with datasets.get("cifar100"), or name the folder that it is in: root, or $ESPALIER_DATA",
      "name": "unknown data set "minst"
      nearest  mnist
      wanted   digits, mnist, fashion-mnist, cifar10, cifar100
      fix      use one of these names, or the path of a folder with IDX or CIFAR files",
      "path": "there is no such folder of data
      folder  ROOT/none
      fix     check the path",
    }
  `);
});

test("damaged files are refused, gzip bombs without unpacking them", async () => {
  const good = idx([30, 28, 28], bytes(30 * 784));
  const packed = gzipSync(good);
  const flipped = Uint8Array.from(packed);
  flipped[5000] ^= 16;
  const plain = "train-images-idx3-ubyte";
  const open = async (file: string, content: Uint8Array): Promise<string> => {
    const path = await folder("bad", { [plain]: good });
    await rm(join(path, plain));
    await writeFile(join(path, file), content);
    const text = await refusal(datasets.open(path));
    await rm(path, { recursive: true });
    return text;
  };
  const zeros = gzipSync(new Uint8Array(64 * 2 ** 20));
  const bomb = gzipSync(Buffer.concat([idx([3, 28, 28], new Uint8Array(3 * 784)), new Uint8Array(64 * 2 ** 20)]));
  const absurd = gzipSync(idx([0x7fffffff, 1000, 1000], new Uint8Array(100)));
  const claim = gzipSync(idx([400, 1000, 1000], new Uint8Array(1000)));
  const before = process.memoryUsage();
  const messages = {
    bomb: await open(`${plain}.gz`, bomb),
    zeros: await open(`${plain}.gz`, zeros),
    absurd: await open(`${plain}.gz`, absurd),
    claimed: await open(`${plain}.gz`, claim),
    short: await open(`${plain}.gz`, packed.subarray(0, 4000)),
    tiny: await open(`${plain}.gz`, packed.subarray(0, 10)),
    flipped: await open(`${plain}.gz`, flipped),
    notGzip: await open(`${plain}.gz`, good),
    plain: await open(plain, good.subarray(0, 500)),
  };
  expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(32 * 2 ** 20);
  expect(messages).toMatchInlineSnapshot(`
    {
      "absurd": "the file is too large for a data set
      file    ROOT/bad/train-images-idx3-ubyte.gz
      field   size, by its header or trailer
      got     2147483647000016 bytes
      wanted  at most 536870912
      fix     get the file again; it is damaged or not what its name says",
      "bomb": "the file is longer than it declares
      file    ROOT/bad/train-images-idx3-ubyte.gz
      field   size, by its header or gzip trailer
      got     more than 2368 bytes
      wanted  2368
      fix     the file is damaged or not what its name says; get it again",
      "claimed": "the file cannot hold what it declares
      file    ROOT/bad/train-images-idx3-ubyte.gz
      field   size, by its header or gzip trailer
      got     400000016 bytes in a file of 41
      wanted  at most 1032 : 1, as far as gzip can pack
      fix     get the file again; it is damaged or not what its name says",
      "flipped": "the gzip file is damaged or cut short
      file    ROOT/bad/train-images-idx3-ubyte.gz
      field   gzip stream, near byte N
      got     incorrect data check
      wanted  a whole gzip stream
      fix     get the file again",
      "notGzip": "the gzip file is damaged or cut short
      file    ROOT/bad/train-images-idx3-ubyte.gz
      field   gzip stream, near byte N
      got     incorrect header check
      wanted  a whole gzip stream
      fix     get the file again",
      "plain": "the IDX file is cut short
      file    ROOT/bad/train-images-idx3-ubyte
      field   data (from byte 16)
      got     500 bytes
      wanted  23536, as its dimensions [30,28,28] say
      fix     get the file again; it is damaged or not what its name says",
      "short": "the gzip file is damaged or cut short
      file    ROOT/bad/train-images-idx3-ubyte.gz
      field   gzip stream, near byte N
      got     unexpected end of file
      wanted  a whole gzip stream
      fix     get the file again",
      "tiny": "the gzip file is damaged or cut short
      file    ROOT/bad/train-images-idx3-ubyte.gz
      field   gzip header and trailer
      got     10 bytes
      wanted  at least 18
      fix     get the file again; it is damaged or not what its name says",
      "zeros": "not the IDX file that was expected
      file    ROOT/bad/train-images-idx3-ubyte.gz
      field   magic number (byte 0)
      got     0
      wanted  2051 (uint8, 3 dimensions)
      fix     get the file again; it is damaged or not what its name says",
    }
  `);
});

test("a CIFAR bomb is refused by its trailer", async () => {
  const path = join(root, "cifar-bomb");
  await mkdir(path);
  await writeFile(join(path, "train.bin.gz"), gzipSync(new Uint8Array(3074 * 10 + 1)));
  await writeFile(join(path, "test.bin"), new Uint8Array(3074));
  expect(await refusal(datasets.open(path))).toMatch(/30741|record/);
  const lying = gzipSync(new Uint8Array(3074 * 1000));
  lying.set([0x02, 0x0c, 0, 0], lying.length - 4); // says 3074 bytes
  await writeFile(join(path, "train.bin.gz"), lying);
  expect(await refusal(datasets.open(path))).toMatch("longer than it declares");
});

test("random damage to a packed file is always refused with the file's name", async () => {
  const packed = gzipSync(idx([30, 28, 28], bytes(30 * 784)));
  for (let i = 0; i < 60; i++) {
    const bad = Uint8Array.from(i < 20 ? packed.subarray(0, noise.int(packed.length)) : packed);
    if (i >= 20) bad[i < 40 ? 10 + noise.int(30) : noise.int(bad.length)] ^= 1 << noise.int(8);
    const path = await folder("damaged");
    await rm(join(path, "train-images-idx3-ubyte"));
    await writeFile(join(path, "train-images-idx3-ubyte.gz"), bad);
    const outcome = await datasets.open(path).catch((error) => error);
    // A flipped bit in gzip's name or time fields changes nothing.
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(EspalierError);
      expect(outcome.message).toMatch("train-images-idx3-ubyte.gz");
    } else expect([...outcome.train.x]).toEqual([...gunzipSync(bad).subarray(16)]);
  }
});

const real = process.env["ESPALIER_DATA"];
const reason = real ? "" : " (skipped: $ESPALIER_DATA is not set)";

test.skipIf(!real)(`the real MNIST has the published counts${reason}`, async () => {
  const info = await datasets.info("mnist");
  expect(info.train.perClass).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  expect(info.test.perClass).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  expect(info.measured.mean[0]).toBeCloseTo(0.1307, 4);
  expect(info.measured.std[0]).toBeCloseTo(0.3081, 4);
});

test.skipIf(!real)(`the real CIFAR sets are read, fine labels for CIFAR-100${reason}`, async () => {
  for (const [name, classes] of [
    ["cifar10", 10],
    ["cifar100", 100],
  ] as const) {
    const { train, test, measured } = await datasets.info(name);
    expect(train.perClass).toHaveLength(classes);
    expect(new Set(train.perClass).size).toBe(1);
    expect(new Set(test.perClass).size).toBe(1);
    for (const m of measured.mean) expect(m).toBeGreaterThan(0.4);
  }
});
