/** Many processes started at once: each has a run of its own, or is refused and told why; nothing is mixed. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { commandLine, type Ran } from "./support/command-line.ts";

/** As many as a machine of two cores bears in a minute; it was tried with 20. */
const STARTS = Number(process.env["ESPALIER_STARTS"] || 4);
const { espalier, interrupted, at } = commandLine();
const SETTINGS =
  "--model logistic --data digits --limit-train 300 --epochs 20 --optimizer prox-sgd --groups input-channel --lambda 0.01 --threads 1";
const TRAIN = ["train", ...SETTINGS.split(" ")];
const FILES = [
  "certificate.json",
  "checkpoint.safetensors",
  "metrics.jsonl",
  "model.onnx",
  "preprocessor_config.json",
  "report.html",
  "run.json",
  "small.onnx",
  "summary.json",
];

/** What a run has come to, but for what a clock has measured. */
function results(folder: string) {
  expect(readdirSync(at(folder)).sort()).toEqual(FILES); // and no lock
  const bytes = (name: string) => readFileSync(at(folder, name));
  const {
    seconds: _,
    msPerStep: __,
    latencyMs: ___,
    latencyMsBatch128: ____,
    memory: _____,
    ...summary
  } = JSON.parse(String(bytes("summary.json")));
  const epochs = String(bytes("metrics.jsonl")).trim().split("\n");
  return {
    models: ["model.onnx", "small.onnx"].map((name) => bytes(name).toString("base64")),
    certificate: String(bytes("certificate.json")),
    summary,
    epochs: epochs.map((line) => ({ ...JSON.parse(line), seconds: 0, msPerStep: 0, statisticsSeconds: 0 })),
  };
}
let whole: ReturnType<typeof results>;
beforeAll(async () => {
  const { status, stderr } = await espalier(...TRAIN, "--out", "whole");
  expect(status, stderr).toBe(0);
  whole = results("whole");
});

const together = (...args: string[]): Promise<Ran[]> =>
  Promise.all(Array.from({ length: STARTS }, () => espalier(...args)));

/** Whoever did not end well was refused, and told so. @returns those that ended well */
function served(ran: readonly Ran[]): readonly Ran[] {
  for (const { status, stderr } of ran) if (status !== 0) expect(stderr).toMatch(REFUSED);
  return ran.filter(({ status }) => status === 0);
}
const REFUSED =
  /^error: (.* is in use\n {2}by +process \d+ on .*\n {2}since .*\n {2}fix +wait|.* already holds a (run|comparison)\n|another process has worked in)/m;

test("without --out each gets a folder of its own", async () => {
  const ran = await together(...TRAIN, "--json");
  for (const { status, stderr } of ran) expect(status, stderr).toBe(0);
  const folders = ran.map(({ stdout }) => JSON.parse(stdout).out as string);
  expect(new Set(folders).size).toBe(STARTS);
  for (const folder of folders) expect(results(folder)).toEqual(whole);
});

test("with one --out, one makes the run", async () => {
  expect(served(await together(...TRAIN, "--out", "one"))).toHaveLength(1);
  expect(results("one")).toEqual(whole);
});

test("with --resume into one folder where nothing is, one makes the run; another may find it finished", async () => {
  const done = served(await together(...TRAIN, "--out", "resumed", "--resume"));
  expect(done.filter(({ stdout }) => !stdout.includes("finished already"))).toHaveLength(1);
  expect(results("resumed")).toEqual(whole);
});

test("with --overwrite of one folder, one after the other or refused", async () => {
  await espalier(...TRAIN, "--out", "overwritten", "--epochs", "1");
  expect(served(await together(...TRAIN, "--out", "overwritten", "--overwrite")).length).toBeGreaterThan(0);
  expect(results("overwritten")).toEqual(whole);
});

test.skipIf(process.platform === "win32")("a run that was stopped goes on once", async () => {
  const { status } = await interrupted("epoch  1/20", ...TRAIN, "--out", "stopped");
  expect(status).toBe(130);
  const done = served(await together("train", "--out", "stopped", "--resume"));
  expect(done.filter(({ stdout }) => stdout.includes("going on in epoch"))).toHaveLength(1);
  expect(results("stopped")).toEqual(whole);
});

test("a comparison in one folder is made by one, and its runs are as if alone", async () => {
  const lines = SETTINGS.replace("--", "")
    .split(" --")
    .map((setting) => setting.replace(" ", ": "));
  writeFileSync(at("c.yaml"), `${lines.join("\n")}\nmethods:\n  sparse: {}\n`);
  expect(served(await together("compare", "--config", "c.yaml", "--out", "compared"))).toHaveLength(1);
  expect(results("compared/sparse/seed-1")).toEqual(whole);
  const { runs } = JSON.parse(readFileSync(at("compared", "compare.json"), "utf8"));
  expect(runs).toMatchObject([{ method: "sparse", summary: whole.summary }]);
  expect(existsSync(at("compared", ".lock"))).toBe(false);
});

test("without --out each comparison gets a folder of its own", async () => {
  const ran = await together("compare", "--config", "c.yaml", "--json");
  for (const { status, stderr } of ran) expect(status, stderr).toBe(0);
  const folders = ran.map(({ stdout }) => JSON.parse(stdout).out as string);
  expect(new Set(folders).size).toBe(STARTS);
  for (const folder of folders) expect(results(`${folder}/sparse/seed-1`)).toEqual(whole);
});
