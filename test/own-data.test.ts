/** A model and data of the user's own, from an exporter's file and NumPy's, by commands alone. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at, json } = commandLine();
const fixtures = join(import.meta.dirname, "fixtures");
const model = (name: string) => join(fixtures, "zoo", name);
const bert = ["--data", join(fixtures, "npz/columns.npz"), "--threads", "1"];
const short = "--epochs 3 --batch-size 16 --lr 0.05 --lambda 1e-3".split(" ");

test("a text classifier of several inputs is trained, evaluated, compared on its data", async () => {
  const renamed = ["--columns", "input_ids=input.1,attention_mask=attention_mask.1"];
  const wrong = await asked("train", "--model", model("bert/eval.onnx"), ...bert, ...short);
  expect(wrong).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("the data has nothing for an input of the model"),
  });
  const ran = await espalier(
    "train",
    "--model",
    model("bert/eval.onnx"),
    ...bert,
    ...renamed,
    ...short,
    "--out",
    "bert",
  );
  expect(ran.status, ran.stderr).toBe(0);
  expect(ran.stderr).toContain("inputs of the data: input.1[8], attention_mask.1[8]; labels: labels[] of 3 classes");
  const { accuracy } = await json("bert", "summary.json");
  const scored = await asked("evaluate", at("bert/model.onnx"), ...bert, ...renamed, "--json");
  expect(JSON.parse(scored.stdout).accuracy).toBe(accuracy);
  const same = await asked("verify", at("bert/model.onnx"), at("bert/small.onnx"), ...bert, ...renamed);
  expect(same.status, same.stderr).toBe(0);
  const drawn = "8 of 40 samples are drawn for testing: --test-split";
  expect(same.stderr).toContain(drawn);
  for (const lossy of [["shrink"], ["factorize", "--rule", "global", "--keep", "0.5", "--anyway"]]) {
    const [name, ...flags] = lossy;
    const cut = await espalier(name, at("bert/model.onnx"), at(`${name}.onnx`), ...flags, ...bert, ...renamed);
    expect([cut.status, cut.stderr]).toEqual([0, expect.stringContaining(drawn)]);
  }
});

const MODULE = `
const n = 40;
const numbers = (length, f) => Array.from({ length: n }, (_, i) => Float32Array.from({ length }, (_, k) => f(i, k)));
export default async () => ({
  inputs: {
    image: { data: Float32Array.from({ length: n * 192 }, (_, k) => Math.sin(k)), shape: [3, 8, 8] },
    numbers: numbers(6, (i, k) => Math.cos(i * k)),
  },
  labels: { label: Array.from({ length: n }, (_, i) => i % 4), value: numbers(1, (i) => i / n) },
});`;

test("a loss for each of several outputs, with data that a module makes; a run that is stopped goes on", async () => {
  writeFileSync(at("data.mjs"), MODULE);
  const settings = [
    "--model",
    model("two-inputs/dynamo-dynamic.onnx"),
    "--data",
    "data.mjs",
    "--threads",
    "1",
    ...short,
  ];
  const losses = ["--columns", "label=output1,value=output2", "--loss", "output1:cross-entropy,output2:l1*0.5"];
  const ran = await espalier("train", ...settings, ...losses, "--out", "two");
  expect(ran.status, ran.stderr).toBe(0);
  const { config } = await json("two", "run.json");
  expect(config.loss).toEqual({ output1: { loss: "crossEntropy" }, output2: { loss: "l1", weight: 0.5 } });
  const again = await asked("train", "--resume", "--out", "two");
  expect(again.stdout).toContain("is finished already");
  const no = await asked("train", ...settings, "--loss", "output1:cross-entropy,output2:l9");
  expect(no.status).toBe(2);
});
