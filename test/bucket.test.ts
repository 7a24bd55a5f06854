/** A store in a bucket, with a client of the caller's and with the standard one. */
import * as sdk from "@aws-sdk/client-s3";
import {
  constant,
  digits,
  models,
  type Run,
  type SweepPlace,
  type SweepValues,
  sgd,
  sweep,
  train,
  write,
} from "espalier";
import { type BucketOptions, bucket, node } from "espalier/node";
import { afterAll, expect, test, vi } from "vitest";
import { FakeBucket, kitOf, serveBucket } from "./support/fake-s3.ts";

const text = (s: string) => new TextEncoder().encode(s);
const engine = node({ threads: 1 });
const data = digits({ train: 40, test: 20, seed: 3 });
const trial = ({ lr }: SweepValues, place: SweepPlace): Run =>
  train(models.logistic({ seed: 1 }), data, {
    ...{ engine, optimizer: sgd(), schedule: constant({ lr: Number(lr) }), epochs: 1 },
    ...place,
  });

/** What every store must do, whoever carries the requests. */
async function behaves(open: (prefix?: string) => ReturnType<typeof bucket>): Promise<void> {
  const store = open("/runs/a/");
  expect(await store.read("x")).toBeUndefined();
  await store.write("x", text("one"));
  await store.append("x", ", two");
  await store.append("y", text("three"));
  await store.within("deep").within("er").write("z", text("four"));
  await store.within("deeper").write("z", text("five"));
  expect(Buffer.from((await store.read("x"))!).toString()).toBe("one, two");
  expect([...(await store.list())].sort()).toEqual(["deep", "deeper", "x", "y"]); // more than a page
  await store.remove("deep");
  await store.remove("nothing");
  expect([...(await store.list())].sort()).toEqual(["deeper", "x", "y"]);
  expect(await open("runs").within("a").list()).toHaveLength(3);

  const release = await store.lock();
  const again = await store.lock(); // of one store they nest
  await expect(open("runs/a").lock()).rejects.toThrow(/runs\/a is in use(.|\n)*process \d+ on/);
  expect(await store.list()).toHaveLength(3);
  await release();
  await release();
  await expect(open("runs/a").lock()).rejects.toThrow("is in use");
  await again();
  await (await open("runs/a").lock())();
}

test("files, folders and locks; what is refused is said", async () => {
  const fake = new FakeBucket();
  const open = (prefix?: string) => bucket({ ...kitOf(fake), bucket: "studies", ...(prefix && { prefix }) });
  expect(open("a/b").location).toBe("s3://studies/a/b");
  await behaves(open);
  fake.broken = true;
  await expect(open().read("x")).rejects.toThrow(/cannot read the bucket(.|\n)*s3:\/\/studies\/x(.|\n)*AccessDenied/);
  await expect(open().write("x", text(""))).rejects.toThrow("cannot write to the bucket");
  expect(() => bucket({ ...kitOf(fake), bucket: 3 } as unknown as BucketOptions)).toThrow("bucket");
});

test("the lock of a holder without a sign is free after minutes, and who lost it writes no more", async () => {
  const fake = new FakeBucket();
  const open = () => bucket({ ...kitOf(fake), bucket: "b" });
  const [lost, other] = [open(), open()];
  await lost.lock();
  await expect(other.lock()).rejects.toThrow("is in use");
  fake.objects.get(".lock")!.at = new Date(Date.now() - 301_000);
  const release = await other.lock();
  await other.write("x", text("mine"));
  const now = Date.now();
  const later = vi.spyOn(Date, "now").mockImplementation(() => now + 301_000); // as long as it gave no sign
  await expect(lost.write("x", text("theirs"))).rejects.toThrow("another process has taken the folder over");
  later.mockRestore();
  expect(new TextDecoder().decode(await other.read("x"))).toBe("mine");
  await release();
  expect([...fake.objects.keys()]).toEqual(["x"]);
});

test("a sweep in a bucket has the bytes of one in memory, whoever goes on with it", async () => {
  const fake = new FakeBucket();
  const store = () => bucket({ ...kitOf(fake), bucket: "b", prefix: "sweep" });
  const space = { lr: { values: [0.1, 0.2] } };
  const options = { space, objectives: ["loss"] as const, environment: {} };
  await sweep(trial, { ...options, store: store() });
  const { result } = await sweep(trial, { ...options, store: store() });
  expect(result.trials.map((t) => t.state)).toEqual(["finished", "finished"]);
  const alone = trial(
    { lr: 0.1 },
    { resume: true, signal: new AbortController().signal, store: store().within("other") },
  );
  for await (const _ of alone);
  const model = fake.objects.get(`sweep/${result.trials[0].folder}/model.onnx`)!;
  expect(Buffer.compare(model.bytes, write(alone.model))).toBe(0);
  expect([...fake.objects.keys()].filter((key) => key.endsWith(".lock"))).toEqual([]);
});

const ends: (() => void)[] = [];
afterAll(() => {
  for (const end of ends) end();
});

test("the standard client", async () => {
  const { server, endpoint } = await serveBucket(new FakeBucket(), "studies");
  ends.push(() => server.close());
  const credentials = { accessKeyId: "key", secretAccessKey: "secret" };
  const client = new sdk.S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  await behaves((prefix) => bucket({ sdk, client, bucket: "studies", ...(prefix && { prefix }) }));
});
