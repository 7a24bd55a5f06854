/** One-shot pruning as a user meets it. */
import { existsSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at } = commandLine();
const DIGITS = "--data digits --threads 1".split(" ");

beforeAll(async () => {
  const train = "train --model lenet5-small --optimizer sgd --penalty none --limit-train 300 --epochs 1 --out run";
  await espalier(...train.split(" "), ...DIGITS);
  await copyFile(at("run/model.onnx"), at("model.onnx"));
  await copyFile(fileURLToPath(new URL("fixtures/onnx/torch-mlp-17.onnx", import.meta.url)), at("torch.onnx"));
}, 120_000);

describe("train to a size", () => {
  const small = "train --model lenet5-small --limit-train 300 --batch-size 32 --epochs 3";

  test("in one run, which says how λ is steered; the result is of that size, and resuming it is over at once", async () => {
    const { status, stdout, stderr } = await espalier(
      ...`${small} --target-macs 0.4 --out steered --json`.split(" "),
      ...DIGITS,
    );
    expect([status, stderr]).toEqual([0, expect.stringMatching(/steered to 40\.0.% of the multiply-adds/)]);
    expect(stderr).toMatch(/keeps \d+\.\d.% \(lambda ×/);
    const { summary, trials } = JSON.parse(stdout);
    expect(trials).toBeUndefined();
    expect(summary.macs.after / summary.macs.before).toBeLessThanOrEqual(0.4);
    expect(summary.macs.after / summary.macs.before).toBeGreaterThan(0.2);
    expect((await asked("train", "--resume", "--out", "steered")).status).toBe(0);
  });

  test.each<[string, RegExp]>([
    [
      "--target-params 0.3 --target-macs 0.3",
      /a run is steered to one target\n +got +--target-params 0\.3 --target-macs 0\.3/,
    ],
    ["--target-params 0", /target-params cannot be 0/],
    ["--target-macs 1", /target-macs cannot be 1/],
    ["--target-search", /a search for lambda wants a share of the parameters/],
    ["--target-bytes 0.3 --optimizer sgd", /a run without a penalty has no target-bytes/],
    ["--target-bytes 0.3 --penalty nm", /nm has no target-bytes/],
    ["--target-macs 0.3 --lambda 0", /a lambda of 0 leads to no target/],
    ["--target-params 0.3 --optimizer rda", /rda begins at 0/],
  ])("%s is refused", async (flags, said) => {
    const { status, stderr } = await asked(...`${small} --out refused ${flags}`.split(" "), ...DIGITS);
    expect([status, stderr]).toEqual([2, expect.stringMatching(said)]);
    expect(existsSync(at("refused"))).toBe(false);
  });
});

describe("prune", () => {
  test("with data: ranked by what the loss changes, accuracy before and after, a certificate that verify replays", async () => {
    const before = await readFile(at("model.onnx"));
    const line =
      "prune model.onnx small.onnx --keep 0.5 --of macs --by taylor --samples 64 --certificate c.json --zeroed zeroed.onnx";
    const { status, stdout, stderr } = await asked(...line.split(" "), "--json", ...DIGITS);
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/calibrating with 64 training samples[\s\S]*before pruning: \d/),
    ]);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ lossy: true, by: "taylor", of: "macs", keep: 0.5 });
    expect(said.kept).toBeLessThanOrEqual(0.5);
    expect(said.kept).toBe(said.macs.after / said.macs.before);
    expect(said.accuracy.before).toBeGreaterThanOrEqual(0);
    expect(said.accuracy.after).toBeGreaterThanOrEqual(0);
    expect(said.layers.some((l: { removed: number }) => l.removed > 0)).toBe(true);
    expect(await readFile(at("model.onnx"))).toEqual(before);
    const proved = await asked("verify", "zeroed.onnx", "small.onnx", "--certificate", "c.json", "--threads", "1");
    expect([proved.status, proved.stderr]).toEqual([0, ""]);
    const lossy = await asked("verify", "model.onnx", "small.onnx", "--threads", "1");
    expect(lossy.status).toBe(1);
  });

  test("without data: a table of what went, and a word that it is lossy", async () => {
    const { status, stdout } = await asked("prune", "torch.onnx", "torch-small.onnx", "--threads", "1");
    expect(status).toBe(0);
    expect(stdout).toMatch(/channels made by +before +after +gone\n/);
    expect(stdout).toMatch(/keeps \d\d\.\d.% of the parameters; pruning is lossy \(say --data to see the accuracy\)/);
    expect(existsSync(at("torch-small.onnx"))).toBe(true);
  });

  test.each<[string, number, RegExp]>([
    [
      "prune model.onnx out.onnx --keep 0",
      2,
      /keep cannot be 0\n +where +--keep\n +got +0\n +wanted +a number > 0 and < 1/,
    ],
    ["prune model.onnx out.onnx --keep 1", 2, /keep cannot be 1/],
    ["prune model.onnx out.onnx --keep most", 2, /keep cannot be most/],
    ["prune model.onnx out.onnx --by taylor", 2, /the ranking by taylor wants data/],
    ["prune model.onnx out.onnx --by luck", 2, /unknown by "luck"/],
    ["prune model.onnx out.onnx --groups element", 2, /unknown groups "element"/],
    ["prune model.onnx out.onnx --keep 0.001", 1, /so little of the model cannot be kept\n +of +params\n +got +0\.\d+/],
    ["prune model.onnx model.onnx", 2, /an output would replace an input/],
    ["prune model.onnx out.onnx --zeroed out.onnx", 2, /two outputs would be one file/],
    ["prune nothing.onnx out.onnx", 1, /nothing\.onnx/],
    ["prune model.onnx out.onnx --data cifar100 --data-root .", 1, /cifar100/],
  ])("%s is refused, and nothing is written", async (line, wanted, said) => {
    const { status, stderr } = await asked(...line.split(" "));
    expect([status, stderr]).toEqual([wanted, expect.stringMatching(said)]);
    expect(existsSync(at("out.onnx"))).toBe(false);
  });
});
