/** Distillation from the command line. */
import { existsSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at, json } = commandLine();
const SHORT = "--data digits --limit-train 200 --epochs 1 --threads 1".split(" ");
const DENSE = [...SHORT, "--optimizer", "sgd"];

beforeAll(async () => {
  const { status } = await espalier("train", "--model", "logistic", ...DENSE, "--out", "big");
  expect(status).toBe(0);
});

test("a model from a file learns from itself as it was given, and the run says so and goes on with it", async () => {
  const how = ["--distill", "original", "--distill-temperature", "2", "--distill-share", "0.5"];
  const from = ["--model", "big/model.onnx"];
  const ran = await espalier("train", ...from, "--init", ...DENSE, ...how, "--out", "taught");
  expect(ran.stdout + ran.stderr).toMatch(
    /note: the training loss is 50 % what the teacher .* says \(temperature 2\) and 50 % the labels/,
  );
  expect(ran.status).toBe(0);
  const { config } = await json("taught", "run.json");
  expect(config).toMatchObject({ distill: "original", distillTemperature: 2, distillShare: 0.5 });
  expect((await espalier("train", "--resume", "--out", "taught")).status).toBe(0);
  const other = await asked("train", "--resume", "--out", "taught", "--distill-share", "0.6");
  expect(other.status).toBe(2);
  expect(other.stderr).toContain("distill-share");
});

test("a built-in model learns from a file, and a factorized one from what it was", async () => {
  const taught = [
    "train",
    "--model",
    "logistic",
    "--seed",
    "2",
    ...DENSE,
    "--distill",
    "big/model.onnx",
    "--distill-cache",
    "--out",
    "small",
  ];
  expect((await espalier(...taught)).status).toBe(0);
  const tuned = await espalier(
    ..."factorize small/model.onnx cut.onnx --rule global --keep 0.2 --fine-tune 1 --data digits --threads 1".split(
      " ",
    ),
    ..."--distill original".split(" "),
  );
  expect(tuned.stderr).not.toContain("error");
  expect(tuned.status).toBe(0);
  expect(existsSync(at("cut.onnx"))).toBe(true);
});

test.each<[string, string[], RegExp]>([
  [
    "a built-in model's original",
    ["--model", "logistic", "--distill", "original"],
    /begins untrained and teaches nothing/,
  ],
  ["no such file", ["--model", "logistic", "--distill", "none.onnx"], /file +none\.onnx/],
  ["no teacher", ["--model", "logistic", "--distill-share", "0.5"], /got +--distill-share 0\.5/],
  [
    "too much of it",
    ["--model", "logistic", "--distill", "big/model.onnx", "--distill-share", "2"],
    /wanted +a number > 0 and ≤ 1/,
  ],
  [
    "no such output",
    ["--model", "logistic", "--distill", "big/model.onnx", "--distill-output", "x"],
    /the teacher: the model has no output x/,
  ],
])("%s is refused, and nothing is begun", async (_, flags, said) => {
  const { status, stderr } = await asked("train", ...flags, ...DENSE, "--out", "never");
  expect(stderr).toMatch(said);
  expect(status).not.toBe(0);
  expect(existsSync(at("never"))).toBe(false);
});

test("a teacher without training is refused", async () => {
  const { status, stderr } = await asked(
    ..."factorize big/model.onnx cut2.onnx --rule global --keep 0.5 --distill original".split(" "),
  );
  expect(stderr).toContain("only training has a teacher");
  expect(status).toBe(2);
});
