/** Several who share every batch prepare together what one prepares: each its own samples, and no others. */
import { expect, test } from "vitest";
import { Random } from "../math/random.ts";
import { type Batch, type BatchPlan, batches } from "./batches.ts";
import { shareAt } from "./share.ts";
import { sourceSplit } from "./source.ts";
import type { Split } from "./split.ts";

const COUNT = 21;
const SIZE = 60;
const pixels = new Random(1, "verify");
const split: Split = {
  x: Uint8Array.from({ length: COUNT * SIZE }, () => pixels.int(256)),
  y: Int32Array.from({ length: COUNT }, (_, i) => i),
  more: { weight: Float32Array.from({ length: 2 * COUNT }, (_, i) => i / 3) },
  count: COUNT,
};
const plan: BatchPlan = { shape: [3, 5, 4], batchSize: 8, seed: 5, epochs: 2 };
const SIZES = [1, 3, 6]; // the last batch of an epoch has five samples: of six ranks one has none

async function all(from: Split, p: BatchPlan): Promise<Batch[]> {
  const list: Batch[] = [];
  for await (const batch of batches(from, p)) list.push(batch);
  return list;
}

/** The ranks' batches put together again. */
async function together(size: number, p: BatchPlan, from = split): Promise<Batch[]> {
  const ranks = await Promise.all(
    Array.from({ length: size }, (_, rank) => all(from, { ...p, sharing: { rank, size, least: 1 } })),
  );
  return ranks[0].map(({ share: _, ...first }, step) => {
    const own = ranks.map((batches) => batches[step]);
    for (const { y, share } of own) expect(y).toHaveLength(share!.count);
    const joined = <T extends Batch["x"]>(of: (b: Batch) => T): T => {
      const each = own.map(of);
      return new (each[0].constructor as new (n: number[]) => T)(each.flatMap((a) => [...a]));
    };
    const more = Object.keys(first.more ?? {}).map((name) => [name, joined((b) => b.more![name])]);
    return {
      ...first,
      x: joined((b) => b.x),
      y: joined((b) => b.y),
      ...(first.more && { more: Object.fromEntries(more) }),
    };
  });
}

test("shares are as even as can be, and of no less than is needed", () => {
  const shares = (count: number, size: number, least: number) =>
    Array.from({ length: size }, (_, rank) => shareAt(count, { rank, size, least }));
  expect(shares(8, 3, 1).map(({ from, count }) => [from, count])).toEqual([
    [0, 2],
    [2, 3],
    [5, 3],
  ]);
  expect(shares(5, 3, 2).map(({ count }) => count)).toEqual([2, 3, 0]);
});

const PLANS: Readonly<Record<string, Partial<BatchPlan>>> = {
  "as they are": {},
  "in the data's order": { shuffle: false },
  "varied one by one": { augment: { crop: 2, flip: true, cutout: 2, colorJitter: 0.4 } },
  "blended with others": { augment: { flip: true, mixup: 0.4 } },
  "from the middle of an epoch": { epoch: 1, step: 1 },
};
test.each(Object.keys(PLANS))("the shares of all are the batches of one: %s", async (kind) => {
  const { more, ...plain } = split;
  const from = PLANS[kind].augment?.mixup ? plain : { ...plain, more };
  const wanted = await all(from, { ...plan, ...PLANS[kind] });
  for (const size of SIZES)
    expect(await together(size, { ...plan, ...PLANS[kind] }, from), `${size} ranks`).toEqual(wanted);
});

test("samples of differing lengths: each share has the length of the whole batch", async () => {
  const places = { lengths: [2, 4, 6], x: true, y: false, more: [] };
  const lengths = Int32Array.from({ length: COUNT }, (_, i) => 1 + (i % 6));
  const texts = { ...split, x: split.x.subarray(0, COUNT * 6), lengths };
  const what = ({ x, y, length }: Batch) => ({ x, y, length });
  const wanted = (await all(texts, { ...plan, shape: [6], places })).map(what);
  expect(new Set(wanted.map(({ length }) => length)).size).toBeGreaterThan(1);
  expect((await together(3, { ...plan, shape: [6], places }, texts)).map(what)).toEqual(wanted);
});

test("of a source each reads its own samples, drawn by their places in the epoch", async () => {
  const read: number[][] = [];
  const source = {
    dtype: "uint8" as const,
    shape: plan.shape,
    identity: "test",
    read: async (rows: Uint32Array, drawn?: { position: number }) => {
      read.push([...rows]);
      return Uint8Array.from({ length: rows.length * SIZE }, (_, i) => drawn!.position + Math.floor(i / SIZE));
    },
  };
  const from = sourceSplit(source, { y: split.y, more: split.more, count: COUNT });
  const wanted = await all(from, plan);
  read.length = 0;
  expect(await together(6, plan, from)).toEqual(wanted);
  expect(read.flat()).toHaveLength(2 * COUNT); // each sample once an epoch, whoever reads it
});
