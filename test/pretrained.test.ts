/** A model that somebody else trained, from the command line: how its input is normalized, what it does before training, other classes. */
import { readFile, writeFile } from "node:fs/promises";
import { read, write } from "espalier";
import { beforeAll, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at, json } = commandLine();
const HOW = "--data digits --limit-train 300 --epochs 1 --threads 1 --optimizer sgd".split(" ");
const train = (...more: string[]) => espalier("train", ...HOW, ...more);

/** A file that records nothing, as exporters write it. */
beforeAll(async () => {
  const { status } = await train("--model", "logistic", "--epochs", "3", "--out", "first");
  expect(status).toBe(0);
  const model = read(await readFile(at("first", "model.onnx")));
  await writeFile(at("theirs.onnx"), write({ ...model, metadata: new Map() }));
});

test("without a record pixels are x / 255, and the run says so and what the model does before training", async () => {
  const ran = await train("--model", "theirs.onnx", "--out", "a");
  expect(ran.stderr).toMatch(/note: nothing says how images were normalized .* x \/ 255.*--normalize/);
  expect(ran.stdout + ran.stderr).toMatch(/before training: \d+\.\d+ % test accuracy/);
  const { baseline } = await json("a", "summary.json");
  expect(baseline).toEqual({ loss: expect.any(Number), accuracy: expect.any(Number) });
  expect(await readFile(at("a", "report.html"), "utf8")).toContain("before training");
  const said = await train("--model", "theirs.onnx", "--normalize", "0.1638/0.3122", "--no-baseline", "--out", "b");
  expect(said.stdout + said.stderr).not.toMatch(/nothing says|before training/);
  expect(await json("b", "summary.json")).not.toHaveProperty("baseline");
  const score = await asked("evaluate", "theirs.onnx", "--data", "digits", "--threads", "1");
  expect(score.stderr).toMatch(/x \/ 255/);
  const own = await asked("evaluate", "first/model.onnx", "--data", "digits", "--threads", "1");
  expect(own.stderr).not.toMatch(/x \/ 255/);
});

test("a new classifier is named, trains, and is refused where there is none to replace", async () => {
  const ran = await train("--model", "theirs.onnx", "--new-head", "12", "--out", "c");
  expect(ran.stderr).toMatch(/the classifier fc\.weight has new weights, for 12 classes instead of 10/);
  expect(ran.status).toBe(0);
  const small = read(await readFile(at("c", "small.onnx")));
  expect(small.graph.outputs[0].shape).toEqual([1, 12]);
  const few = await train("--model", "theirs.onnx", "--new-head", "4", "--out", "d");
  expect(few.status).toBe(1);
  expect(few.stderr).toMatch(/4 outputs[\s\S]*at least 10 classes[\s\S]*new-head/);
  const builtIn = await train("--model", "logistic", "--new-head", "4", "--out", "d");
  expect(builtIn.status).toBe(2);
  expect(builtIn.stderr).toContain("a built-in model has as many classes as the data");
});

test("normalization goes into both files on request: they take pixels, agree, and want nothing else", async () => {
  const ran = await train("--model", "lenet5-small", "--bake-normalization", "--penalty", "none", "--out", "e");
  expect(ran.status, ran.stderr).toBe(0);
  const { accuracy } = await json("e", "summary.json");
  const { stdout } = await asked("evaluate", "e/small.onnx", "--data", "digits", "--threads", "1", "--json");
  expect(JSON.parse(stdout).accuracy).toBe(accuracy);
  expect((await asked("verify", "e/model.onnx", "e/small.onnx", "--certificate", "e/certificate.json")).status).toBe(0);
});

test("wrong settings are refused", async () => {
  for (const [how, words] of [
    [["--precise-statistics", "0"], /precise-statistics cannot be 0/],
    [["--precise-statistics", "many"], /an integer ≥ 1, or off/],
    [["--new-head", "0"], /new-head cannot be 0/],
  ] as const) {
    const ran = await asked("train", ...HOW, "--model", "theirs.onnx", ...how, "--out", "f");
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(words);
  }
});
