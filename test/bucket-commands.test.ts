/** Runs and sweeps of the command line in a bucket, through the standard client and a small server. */
import { writeFile } from "node:fs/promises";
import { datasets, directory, storeAt } from "espalier/node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { commandLine } from "./support/command-line.ts";
import { FakeBucket, serveBucket } from "./support/fake-s3.ts";

const { espalier: ran, at } = commandLine();
/** @returns what a command printed. @throws with what it said when it failed */
async function espalier(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await ran(...args);
  if (status !== 0) throw new Error(stderr);
  return stdout + stderr;
}
const fake = new FakeBucket();
const { server, endpoint } = await serveBucket(fake, "studies");
const before = { ...process.env };
beforeAll(() => {
  const keys = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };
  Object.assign(process.env, keys, { AWS_ENDPOINT_URL_S3: endpoint });
});
afterAll(() => {
  process.env = before;
  server.close();
});

const settings = "--model logistic --data digits --groups input-channel --limit-train 100 --epochs 2 --threads 1".split(
  " ",
);
const text = (name: string) => new TextDecoder().decode(fake.get(name).bytes);

test("a run in a bucket has the bytes of one in a folder, and goes on", async () => {
  await espalier("train", ...settings, "--out", at("folder"));
  await espalier("train", ...settings, "--out", "s3://studies/run/");
  for (const name of ["model.onnx", "small.onnx", "certificate.json"])
    expect(Buffer.compare(fake.get(`run/${name}`).bytes, (await directory(at("folder")).read(name))!), name).toBe(0);
  expect(await espalier("train", "--resume", "--out", "s3://studies/run")).toContain("is finished already");
  expect((await storeAt("s3://studies/run").list()).includes("report.html")).toBe(true);
  await expect(espalier("train", ...settings, "--out", "s3://studies/run")).rejects.toThrow("already holds a run");
});

test("a sweep in a bucket: made, looked at, cancelled, gone on with", async () => {
  await writeFile(
    at("sweep.yaml"),
    "model: logistic\ndata: digits\nlimit-train: 100\ngroups: input-channel\nepochs: 2\nspace:\n  lr: [0.1, 0.2]\n",
  );
  const config = ["sweep", "--config", at("sweep.yaml"), "--threads", "1"];
  await espalier(...config, "--out", at("sweep"));
  await espalier(...config, "--out", "s3://studies/deep/sweep", "--parallel", "2");
  expect(text("deep/sweep/sweep.csv")).toBe(new TextDecoder().decode(await directory(at("sweep")).read("sweep.csv")));
  expect(await espalier("sweep", "status", "s3://studies/deep/sweep")).toContain("2 trials");
  await espalier("sweep", "cancel", "s3://studies/deep/sweep");
  expect(text("deep/sweep/cancelled.json")).toContain("true");
  await espalier("sweep", "--resume", "--out", "s3://studies/deep/sweep");
  expect([...fake.objects.keys()].filter((key) => /cancelled|lock/.test(key))).toEqual([]);
});

test("data in a bucket is copied once, and again when it is another", async () => {
  const root = at("cache");
  const file = (name: string, rows: string) => fake.put(name, new TextEncoder().encode(`a,label\n${rows}`), {});
  file("data/train.csv", "1,x\n2,y\n3,x\n");
  file("data/test.csv", "1,x\n2,y\n");
  file("database/train.csv", "1,z\n"); // begins so, and is not in it
  const got = vi.spyOn(fake, "get");
  const read = () => got.mock.calls.flatMap(([name]) => (name.endsWith(".csv") ? [name] : []));
  const open = (name: string) => datasets.open(name, { root });
  expect((await open("s3://studies/data/")).train.count).toBe(3);
  expect(read().sort()).toEqual(["data/test.csv", "data/train.csv"]);
  const fetched = async (name: string) => {
    got.mockClear();
    const { train, test } = await open(name);
    return [train.count, test.count, read().length];
  };
  expect(await fetched("s3://studies/data")).toEqual([3, 2, 0]);
  file("data/train.csv", "1,x\n2,y\n3,x\n4,y\n");
  expect(await fetched("s3://studies/data")).toEqual([4, 2, 1]);
  expect((await open("s3://studies/data/train.csv")).train.count).toBe(3); // of four, one is drawn for testing
  got.mockRestore();
  fake.objects.delete("data/test.csv");
  expect((await open("s3://studies/data")).train.count).toBe(3);
  await expect(open("s3://studies/nowhere")).rejects.toThrow("there is no data in the bucket");
  file("out/../../x.csv", "1,x\n");
  await expect(open("s3://studies/out")).rejects.toThrow("no path of a file");
  expect(await espalier("data", "check", "s3://studies/data", "--data-root", root)).toContain("label");
  expect(await espalier("data", "info", "s3://studies/data", "--data-root", root)).toContain("train");
});

test("what cannot be in a bucket, or be reached, is said", async () => {
  await expect(espalier("train", ...settings, "--out", "s3://")).rejects.toThrow("there is no such place");
  await writeFile(
    at("compare.yaml"),
    "model: logistic\ndata: digits\ngroups: input-channel\nmethods:\n  SGD: { optimizer: sgd }\n",
  );
  const compare = espalier("compare", "--config", at("compare.yaml"), "--out", "s3://studies/c");
  await expect(compare).rejects.toThrow("a comparison is kept in a folder");
  fake.broken = true;
  await expect(espalier("train", ...settings, "--out", "s3://studies/other")).rejects.toThrow("AccessDenied");
  fake.broken = false;
});
