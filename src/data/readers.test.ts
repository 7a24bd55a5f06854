/** Property tests of the readers: whatever the bytes, the answer is right or an EspalierError that says where. */
import { expect, test } from "vitest";
import { EspalierError } from "../error.ts";
import { Random } from "../math/random.ts";
import { checkRecords, readCifar } from "./cifar.ts";
import { type NamedBytes, readIdxSplit } from "./idx.ts";
import { untar } from "./tar.ts";

const random = new Random(1, "verify");
const randomBytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, () => random.int(256));

/** An IDX file with the given dimensions; the data are labels when there is one dimension. */
function idx(...dims: number[]): Uint8Array {
  const data = randomBytes(dims.reduce((a, b) => a * b, 1)).map((b) => (dims.length === 1 ? b % 10 : b));
  const head = new DataView(new ArrayBuffer(4 + 4 * dims.length));
  head.setUint32(0, 0x800 + dims.length);
  dims.forEach((d, i) => {
    head.setUint32(4 + 4 * i, d);
  });
  return Uint8Array.from([...new Uint8Array(head.buffer), ...data]);
}

function cifar(count: number, labels: readonly number[]): Uint8Array {
  const record = labels.length + 3072;
  const bytes = randomBytes(count * record);
  for (let at = 0; at < bytes.length; at += record) bytes.set(labels, at);
  return bytes;
}

const images: NamedBytes = { file: "images", bytes: idx(5, 4, 3) };
const labels: NamedBytes = { file: "labels", bytes: idx(5) };

/** Runs a reader on changed copies of good bytes; every refusal must name the file and a byte or field. */
function probe(good: Uint8Array, read: (bytes: Uint8Array) => unknown): { refused: number; read: number } {
  const tally = { refused: 0, read: 0 };
  const changes = Array.from({ length: 300 }, (_, i) => {
    if (i < 100) return good.subarray(0, random.int(good.length));
    const bytes = Uint8Array.from(good);
    if (i < 200) bytes[random.int(Math.min(20, good.length))] ^= 1 << random.int(8);
    else if (i < 250) bytes[random.int(good.length)] ^= 1 << random.int(8);
    else return Uint8Array.from([...good, ...randomBytes(1 + random.int(20))]);
    return bytes;
  });
  for (const bytes of [...changes, new Uint8Array(), randomBytes(3000)]) {
    try {
      read(bytes);
      tally.read++;
    } catch (error) {
      expect(error).toBeInstanceOf(EspalierError);
      const { details } = error as EspalierError;
      expect(details.file).toBeDefined();
      expect(details.field ?? details.byte).toBeDefined();
      expect(details.wanted).toBeDefined();
      tally.refused++;
    }
  }
  return tally;
}

const message = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
};

test("IDX images and labels", () => {
  const { split, shape } = readIdxSplit(images, labels, 10);
  expect(shape).toEqual([1, 4, 3]);
  expect(split.count).toBe(5);
  expect([...split.x]).toEqual([...images.bytes.subarray(16)]);
  expect([...split.y]).toEqual([...labels.bytes.subarray(8)]);
});

test("CIFAR records of several files; the fine label is the class", () => {
  const [a, b] = [cifar(2, [19, 99]), cifar(1, [0, 7])];
  const split = readCifar(
    [
      { file: "a", bytes: a },
      { file: "b", bytes: b },
    ],
    "cifar100",
  );
  expect([...split.y]).toEqual([99, 99, 7]);
  expect(split.x.subarray(3072, 6144)).toEqual(a.subarray(3074 + 2));
  expect(split.x.subarray(6144)).toEqual(b.subarray(2));
  expect(readCifar([{ file: "a", bytes: cifar(3, [9]) }], "cifar10").count).toBe(3);
});

test("no damage makes a reader crash, hang or stay silent about the place", () => {
  const named = (file: string, bytes: Uint8Array): NamedBytes => ({ file, bytes });
  const tallies = [
    probe(images.bytes, (bytes) => readIdxSplit(named("images", bytes), labels, 10)),
    probe(labels.bytes, (bytes) => readIdxSplit(images, named("labels", bytes), 10)),
    probe(cifar(2, [9]), (bytes) => readCifar([named("c10", bytes)], "cifar10")),
    probe(cifar(2, [19, 99]), (bytes) => readCifar([named("c100", bytes)], "cifar100")),
  ];
  for (const { refused } of tallies) expect(refused).toBeGreaterThan(100);
});

test("the messages say what, where, got, wanted", () => {
  const changed = (bytes: Uint8Array, at: number, value: number) => Uint8Array.from(bytes).fill(value, at, at + 1);
  const absurd = Uint8Array.from([0, 0, 8, 3, ...new Array(12).fill(255)]);
  expect({
    magic: message(() => readIdxSplit(labels, labels, 10)),
    short: message(() => readIdxSplit({ ...images, bytes: images.bytes.subarray(0, 40) }, labels, 10)),
    header: message(() => readIdxSplit({ ...images, bytes: images.bytes.subarray(0, 9) }, labels, 10)),
    long: message(() => readIdxSplit({ ...images, bytes: Uint8Array.from([...images.bytes, 0]) }, labels, 10)),
    absurd: message(() => readIdxSplit({ ...images, bytes: absurd }, labels, 10)),
    zero: message(() => readIdxSplit({ ...images, bytes: changed(images.bytes, 7, 0) }, labels, 10)),
    count: message(() => readIdxSplit(images, { ...labels, bytes: idx(4) }, 10)),
    size: message(() => readIdxSplit(images, labels, 10, [1, 28, 28])),
    label: message(() => readIdxSplit(images, { ...labels, bytes: changed(labels.bytes, 10, 10) }, 10)),
    cifarShort: message(() => readCifar([{ file: "f", bytes: cifar(2, [1]).subarray(0, 4000) }], "cifar10")),
    cifarPacked: message(() => checkRecords(351_520_857, "f.gz", "cifar10", true)), // what a cut gzip file ends in
    cifarLabel: message(() => readCifar([{ file: "f", bytes: cifar(2, [1, 100]) }], "cifar100")),
    cifarCoarse: message(() => readCifar([{ file: "f", bytes: cifar(2, [20, 1]) }], "cifar100")),
  }).toMatchInlineSnapshot(`
    {
      "absurd": "the IDX file is cut short
      file    images
      field   data (from byte 16)
      got     16 bytes
      wanted  7.9228162458924105e+28, as its dimensions [4294967295,4294967295,4294967295] say",
      "cifarCoarse": "a label is out of range
      file    f
      field   coarse label of record 0
      byte    0
      got     20
      wanted  0 … 19",
      "cifarLabel": "a label is out of range
      file    f
      field   fine label of record 0
      byte    1
      got     100
      wanted  0 … 99",
      "cifarPacked": "the CIFAR file is empty, cut short or not of this kind
      file    f.gz
      field   unpacked size, by the gzip trailer
      got     351520857 bytes
      wanted  records of 3073, as cifar10 has",
      "cifarShort": "the CIFAR file is empty, cut short or not of this kind
      file    f
      field   record 1 (from byte 3073)
      got     927 bytes
      wanted  3073, a record of cifar10",
      "count": "images and labels differ in number
      file    labels
      field   number of labels (byte 4)
      got     4
      wanted  5, as images has",
      "header": "the IDX file is cut short
      file    images
      field   header
      got     9 bytes
      wanted  16",
      "label": "a label is out of range
      file    labels
      byte    10
      got     10
      wanted  0 … 9",
      "long": "the IDX file is too long
      file    images
      field   data (from byte 16)
      got     77 bytes
      wanted  76, as its dimensions [5,4,3] say",
      "magic": "not the IDX file that was expected
      file    labels
      field   magic number (byte 0)
      got     2049
      wanted  2051 (uint8, 3 dimensions)",
      "short": "the IDX file is cut short
      file    images
      field   data (from byte 16)
      got     40 bytes
      wanted  76, as its dimensions [5,4,3] say",
      "size": "the images have the wrong size
      file    images
      field   dimensions (bytes 8 … 15)
      got     4 × 3
      wanted  28 × 28",
      "zero": "the IDX file is empty
      file    images
      field   dimension 0 (byte 4)
      got     0
      wanted  at least 1",
    }
  `);
});

/** A tar archive of one file, as the CIFAR archives are made. */
function tar(name: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(512 + Math.ceil(content.length / 512) * 512 + 1024);
  const ascii = (text: string, at: number) => bytes.set(new TextEncoder().encode(text), at);
  ascii(name, 0);
  ascii(content.length.toString(8).padStart(11, "0"), 124);
  ascii("0", 156);
  bytes.set(content, 512);
  return bytes;
}

test("tar: files are found by name, whatever folder the archive claims", () => {
  const content = randomBytes(700);
  const archive = tar("../../etc/train.bin", content);
  expect(untar(archive, ["train.bin"], "a.tar").get("train.bin")).toEqual(content);
  expect(message(() => untar(archive.subarray(0, 1000), ["train.bin"], "a.tar"))).toMatch("cut short");
  expect(message(() => untar(archive, ["train.bin", "test.bin"], "a.tar"))).toMatch("test.bin");
});
