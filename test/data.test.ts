/** Batches prepared in a worker of the built package are those prepared in-process, byte for byte. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Batch, batches, type Dataset, EspalierError, type SampleSource, sourceSplit } from "espalier";
import { datasets } from "espalier/node";
import { beforeAll, expect, test } from "vitest";

const { href } = new URL("./support/numbered-source.mjs", import.meta.url);
const numbered: (given: { fails?: number; slow?: number }) => SampleSource = (await import(href)).default;

const plan = { shape: [3, 9, 9], batchSize: 16, seed: 4, epochs: 3, augment: { crop: 2, flip: true } };
let data: Dataset;
beforeAll(() => {
  const x = Uint8Array.from({ length: 125 * 243 }, (_, i) => (i * 2654435761) >>> 24);
  data = datasets.from(
    x,
    Array.from({ length: 125 }, (_, i) => i % 7),
    { shape: plan.shape },
  );
});

const ahead = (change: object = {}): AsyncIterable<Batch> => {
  if (!data.batches) throw new Error("the package brings no worker");
  return data.batches(data.train, { ...plan, ...change });
};
const collect = async (source: AsyncIterable<Batch>): Promise<Batch[]> => {
  const list: Batch[] = [];
  for await (const batch of source) list.push(batch);
  return list;
};

test("a worker prepares the same batches, from any step on", async () => {
  expect(data.batches).not.toBe(batches);
  const whole = await collect(batches(data.train, plan));
  expect(whole).toHaveLength(21);
  expect(await collect(ahead())).toEqual(whole);
  expect(await collect(ahead({ epoch: 1, step: 3 }))).toEqual(whole.slice(10));
  expect(await collect(ahead({ epoch: 3 }))).toEqual([]);
});

test("float data and data in shared memory too", async () => {
  const digits = await datasets.open("digits", { digits: { train: 50, test: 10 } });
  const p = { shape: digits.shape, batchSize: 8, seed: 1 };
  expect(await collect(digits.batches!(digits.train, p))).toEqual(await collect(batches(digits.train, p)));
  const float = datasets.from(
    Float32Array.from({ length: 40 }, (_, i) => i / 7),
    Array.from({ length: 20 }, (_, i) => [i / 3, i]),
    { shape: [2] },
  );
  const q = { shape: [2], batchSize: 6, seed: 1 };
  expect(await collect(float.batches!(float.train, q))).toEqual(await collect(batches(float.train, q)));
});

test("a consumer may stop early, and may ask for several batches at once", async () => {
  for await (const batch of ahead()) if (batch.step === 2) break;
  const iterator = ahead()[Symbol.asyncIterator]();
  const results = await Promise.all(Array.from({ length: 23 }, () => iterator.next()));
  expect(results.map((r) => r.done ?? false)).toEqual([...new Array(21).fill(false), true, true]);
});

test("an abort reaches whoever waits, and a bad plan is refused at once", async () => {
  const control = new AbortController();
  const iterator = ahead({ signal: control.signal })[Symbol.asyncIterator]();
  const waiting = iterator.next();
  control.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(iterator.next()).rejects.toThrow("enough");
  await expect(collect(ahead({ signal: control.signal }))).rejects.toThrow("enough");
  expect(() => ahead({ batchSize: 0 })).toThrow("batchSize");
});

test("an error in the worker is an error of the iteration", async () => {
  const y = { buffer: new SharedArrayBuffer(8), length: data.train.count }; // passes for labels until it is used
  const broken = { ...data.train, y } as unknown as Dataset["train"];
  await expect(collect(data.batches!(broken, plan))).rejects.toThrow("is not a");
});

test("a worker makes a source again and reads it; its errors keep their fields", async () => {
  const count = 125;
  const split = (given: { fails?: number; slow?: number }) =>
    sourceSplit(numbered(given), { y: Int32Array.from({ length: count }, (_, i) => i), count });
  const whole = await collect(batches(split({}), plan));
  expect(
    whole.flatMap(({ y, x }) => [...y].filter((row, i) => !x.subarray(243 * i, 243 * i + 243).includes(row))),
  ).toEqual([]);
  expect(await collect(data.batches!(split({}), plan))).toEqual(whole);
  const late = whole[2].y[0];
  const error = await collect(data.batches!(split({ fails: late }), plan)).catch((e) => e);
  expect(error).toBeInstanceOf(EspalierError);
  expect([error.code, error.spelled((name: string) => `--${name}`)]).toEqual([
    "invalid-file",
    "no image\n  file  a.png\n  fix   leave it out: --skipBroken",
  ]);
  const control = new AbortController();
  const waiting = collect(data.batches!(split({ slow: 60_000 }), { ...plan, signal: control.signal }));
  setTimeout(() => control.abort(new Error("enough")), 100);
  await expect(waiting).rejects.toThrow("enough");
});

test("a forgotten iteration does not keep the process alive, a waiting one does", () => {
  const script = `
    import { datasets } from "espalier/node";
    const data = await datasets.open("digits", { digits: { train: 5000, test: 10 } });
    const run = data.batches(data.train, { shape: data.shape, batchSize: 10, seed: 1 })[Symbol.asyncIterator]();
    for (let i = 0; i < 20; i++) console.log((await run.next()).value.step);
  `;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const { stdout, status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd,
    encoding: "utf8",
    timeout: 30_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout.trim().split("\n")).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
});
