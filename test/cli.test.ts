/** The command line as a user runs it: the built program, its exit status, what it prints, what it leaves. */
import { existsSync } from "node:fs";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { commandLine, type Ran } from "./support/command-line.ts";

const { espalier, asked, at } = commandLine();

/** A run of a second: sparse input columns, so that something is removed. */
const SMALL = "train --model logistic --data digits --limit-train 500 --epochs 3 --optimizer prox-sgd".split(" ");
const SPARSE = "--groups input-channel --lambda 0.05 --threads 1".split(" ");

describe("help", () => {
  const commands = [
    "train",
    "compare",
    "shrink",
    "verify",
    "inspect",
    "evaluate",
    "bench",
    "tune",
    "data list",
    "data info",
    "data check",
    "data get",
  ];
  test.concurrent.each(commands)("%s --help shows options and examples", async (name) => {
    const { status, stdout } = await asked(...name.split(" "), "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}\$ espalier /);
    expect(stdout).toContain("--json");
  });

  test("the version is the package's", async () => {
    const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
    expect((await espalier("--version")).stdout.trim()).toBe(version);
  });
});

describe("wrong usage exits with 2 and names what is right", () => {
  const run = ["train", "--model", "logistic", "--data", "digits"];
  test.concurrent.each<[string, string[], RegExp]>([
    ["no command", [], /Usage: espalier/],
    ["command", ["trian"], /nearest +train/],
    ["flag", ["train", "--lamda", "1"], /nearest +--lambda/],
    ["flag of a subcommand", ["data", "list", "--data-rot", "x"], /nearest +--data-root/],
    ["argument missing", ["bench"], /missing required argument/],
    ["a subcommand's argument missing", ["data", "info"], /see espalier data info --help/],
    ["an option of a subcommand", ["data", "info", "--frobnicate"], /espalier data info --help lists them/],
    ["too many arguments", ["inspect", "a", "b"], /too many arguments/],
    ["model", [...run, "--model", "lenet6"], /did you mean lenet5/],
    ["data", [...run, "--data", "minst"], /nearest +mnist/],
    ["optimizer", [...run, "--optimizer", "adm"], /did you mean adam/],
    ["penalty", [...run, "--penalty", "grouplaso"], /did you mean group-lasso/],
    ["groups", [...run, "--groups", "copuled"], /did you mean coupled/],
    ["negative lambda", [...run, "--lambda", "-1"], /got +-1\n +wanted +a number ≥ 0/],
    ["lambda that is no number", [...run, "--lambda", "much"], /got +much\n +wanted +a number ≥ 0/],
    ["batch of 0", [...run, "--batch-size", "0"], /wanted +an integer ≥ 1/],
    ["more parts than samples", [...run, "--batch-size", "8", "--accumulate", "9"], /got +9\n +wanted +1 … 8/],
    ["half an epoch", [...run, "--epochs", "0.5"], /wanted +an integer ≥ 1/],
    ["an lr that float32 makes 0 of", [...run, "--lr", "1e-320"], /got +1e-320\n +wanted +.*float32/],
    ["a lambda that float32 makes 0 of", [...run, "--lambda", "1e-60"], /got +1e-60\n +wanted +.*float32/],
    ["lr of 0", [...run, "--lr", "0"], /wanted +a number > 0/],
    ["milestones out of order", [...run, "--milestones", "9,3"], /milestones must be increasing/],
    ["milestone beyond the end", [...run, "--milestones", "30"], /beyond the last epoch/],
    ["momentum with rmda", [...run, "--momentum", "0.9"], /use --c/],
    ["momentum with prox-sgd", [...run, "--optimizer", "prox-sgd", "--momentum", "0.9"], /use --rho/],
    ["a penalty that an optimizer cannot take", [...run, "--optimizer", "adam", "--penalty", "l1"], /no proximal step/],
    ["no model", ["train", "--data", "digits"], /--model lenet5/],
    ["assignment without a value", [...run, "--set", "lr"], /--set wants path=value/],
    ["assignment to nothing", [...run, "--set", "lamda=1"], /did you mean lambda/],
    ["resume without a place", ["train", "--resume"], /wanted +--out/],
    ["resume where nothing is", ["train", "--resume", "--out", "nowhere"], /there is no run in nowhere/],
    ["a value as it was typed", [...run, "--lambda", "1e999"], /got +1e999\n/],
    [
      "a setting of another penalty",
      [...run, "--optimizer", "sgd", "--lambda", "1"],
      /a run without a penalty has no lambda/,
    ],
    [
      "a time beside a share",
      ["prune", "a.onnx", "b.onnx", "--target-latency", "2ms", "--keep", "0.5"],
      /a time says how much goes/,
    ],
    ["evaluate without data", ["evaluate", "a.onnx"], /wanted +--data/],
    ["device", ["bench", "a.onnx", "--device", "gpu"], /wanted +cpu, webgpu, cuda/],
  ])("%s", async (_, args, said) => {
    const { status, stdout, stderr } = await asked(...args);
    expect(stderr).toMatch(said);
    expect([status, stdout]).toEqual([2, ""]);
    expect(existsSync(at("runs"))).toBe(false);
  });

  test("what is near nothing gets no suggestion", async () => {
    for (const args of [["frobnicate"], ["train", "--xyzzyqwop", "1"], [...run, "--optimizer", "xyzzyqwop"]]) {
      const { status, stderr } = await asked(...args);
      expect(stderr).not.toMatch(/nearest|did you mean/);
      expect(status).toBe(2);
    }
  });

  test("a configuration file: unknown key, wrong type, not YAML, not there", async () => {
    const said = async (text: string) => {
      await writeFile(at("run.yaml"), text);
      const { status, stderr } = await asked("train", "--config", "run.yaml");
      expect(status).toBe(2);
      return stderr;
    };
    expect(await said("model: logistic\nlamda: 1\n")).toMatchInlineSnapshot(`
      "error: there is no setting "lamda"
        where  run.yaml: lamda
        fix    did you mean lambda?
      "
    `);
    expect(await said("train-size: 1\n")).toMatch(/no setting "train-size"\n +where +run.yaml: train-size/);
    expect(await said("batch-size: none\n")).toContain("run.yaml: batch-size");
    expect(await said("lambda: [1]\n")).toMatchInlineSnapshot(`
      "error: lambda cannot be [1]
        where   run.yaml: lambda
        got     [1]
        wanted  a number ≥ 0
      "
    `);
    expect(await said("model: [\n")).toContain("cannot be read");
    expect((await asked("train", "--config", "nowhere.yaml")).status).toBe(2);
  });

  test("with --json the error is one JSON document", async () => {
    const { status, stdout } = await asked("train", "--json", "--lr", "0");
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: "out-of-range",
        what: "lr cannot be 0",
        details: { where: "--lr", got: "0", wanted: "a number > 0" },
      },
    });
    for (const group of [[], ["data"]])
      expect(JSON.parse((await asked(...group, "--json")).stdout).error.what).toBe("no command was given");
  });
});

describe("a whole run", () => {
  let trained: Ran;
  beforeAll(async () => {
    trained = await espalier(...SMALL, ...SPARSE, "--out", "a");
  });

  test("train prints lines and a table, and leaves every file", async () => {
    expect(trained.status, trained.stderr).toBe(0);
    expect(trained.stdout).toMatch(/epoch 3\/3 {2}train \d\.\d{4} .* ms\/step/);
    for (const what of [
      "test accuracy",
      "parameters",
      "latency, batch 128",
      "largest output difference",
      "a/small.onnx",
    ])
      expect(trained.stdout).toContain(what);
    for (const name of [
      "run.json",
      "metrics.jsonl",
      "checkpoint.safetensors",
      "model.onnx",
      "small.onnx",
      "certificate.json",
    ])
      expect(existsSync(at("a", name)), name).toBe(true);
    const summary = JSON.parse(await readFile(at("a", "summary.json"), "utf8"));
    expect(summary).toMatchObject({
      epochs: 3,
      maxAbsDiff: expect.any(Number),
    });
    expect(summary.smallAccuracy).toBe(summary.accuracy);
    const { groups, zero } = summary.layers["fc.weight"];
    expect([groups, zero / groups]).toEqual([784, summary.inputChannel.groupSparsity]);
    expect(summary.params.after).toBeLessThan(summary.params.before);
    expect(summary.bytes.after).toBeLessThan(summary.bytes.before);
    expect(await readFile(at("a", "report.html"), "utf8")).toContain("logistic on digits");
    expect((await readFile(at("a", "metrics.jsonl"), "utf8")).trim().split("\n")).toHaveLength(3);
    const { config } = JSON.parse(await readFile(at("a", "run.json"), "utf8"));
    expect(config).toMatchObject({
      optimizer: "proxSgd",
      rho: 0.1,
      lambda: 0.05,
      groups: "inputChannel",
      seed: 1,
      threads: 1,
    });
  });

  test("an existing run wants --resume or --overwrite; a finished one resumes to nothing", async () => {
    const again = await asked(...SMALL, ...SPARSE, "--out", "a");
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("--overwrite")]);
    const resumed = await espalier("train", "--resume", "--out", "a", "--json");
    expect([resumed.status, JSON.parse(resumed.stdout).summary.epochs]).toEqual([0, 3]);
    const other = await asked("train", "--resume", "--out", "a", "--lr", "0.2", "--epochs", "4");
    expect(other.stderr).toMatch(/other settings: lr, epochs\n/);
    expect(other.status).toBe(2);
  });

  test("a damaged summary is written again, from the checkpoint; a damaged checkpoint is named", async () => {
    await cp(at("a"), at("mended"), { recursive: true });
    await writeFile(at("mended", "summary.json"), "{");
    const { status, stdout, stderr } = await espalier("train", "--resume", "--out", "mended", "--json");
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout).summary.epochs).toBe(3);
    await rm(at("mended", "summary.json"));
    await writeFile(at("mended", "checkpoint.safetensors"), "half");
    const damaged = await asked("train", "--resume", "--out", "mended");
    expect([damaged.status, damaged.stderr]).toEqual([1, expect.stringContaining("mended/checkpoint.safetensors")]);
  });

  test("verify agrees, proves the certificate, and tells another model apart", async () => {
    const [full, small] = ["a/model.onnx", "a/small.onnx"];
    const same = await asked(
      "verify",
      full,
      small,
      "--certificate",
      "a/certificate.json",
      "--data",
      "digits",
      "--json",
    );
    expect(same.status, same.stderr).toBe(0);
    expect(JSON.parse(same.stdout)).toMatchObject({
      agree: true,
      given: 1,
      readings: { a: { agree: true }, b: { agree: true } },
      certificate: { holds: true },
    });

    const forged = JSON.parse(await readFile(at("a/certificate.json"), "utf8"));
    forged.removed.pop();
    await writeFile(at("forged.json"), JSON.stringify(forged));
    expect((await asked("verify", full, small, "--certificate", "forged.json")).status).toBe(1);

    await espalier(...SMALL, "--optimizer", "sgd", "--epochs", "1", "--out", "b", "--threads", "1");
    const differ = await asked("verify", full, "b/model.onnx");
    expect([differ.status, differ.stdout]).toEqual([1, expect.stringContaining("differ")]);
  });

  test("shrink writes the same bytes as train did", async () => {
    const { status, stdout } = await asked("shrink", "a/model.onnx", "again.onnx", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout).verification.agree).toBe(true);
    expect(await readFile(at("again.onnx"))).toEqual(await readFile(at("a/small.onnx")));
  });

  test("evaluate gives the summary's accuracy, from what the file says of normalization", async () => {
    const { stdout } = await asked("evaluate", "a/small.onnx", "--data", "digits", "--json");
    const { smallAccuracy } = JSON.parse(await readFile(at("a", "summary.json"), "utf8"));
    expect(JSON.parse(stdout)).toMatchObject({ samples: 1000, accuracy: smallAccuracy });
  });

  test("bench and inspect", async () => {
    const bench = await asked("bench", "a/model.onnx", "a/small.onnx", "--runs", "3", "--batch", "1,2", "--json");
    expect(JSON.parse(bench.stdout).batches).toMatchObject([{ batch: 1, ratio: expect.any(Number) }, { batch: 2 }]);
    const inspect = await asked("inspect", "a/model.onnx", "--json");
    expect(JSON.parse(inspect.stdout).layers[0]).toMatchObject({ weight: "fc.weight", groups: 784, shape: [10, 784] });
    const wide = await asked("inspect", "a/model.onnx", "--dim", "width=64");
    expect([wide.status, wide.stderr]).toEqual([2, expect.stringContaining("no such free size")]);
    const { stdout } = await asked("inspect", "a/model.onnx");
    expect(stdout).toContain("7,850");
    expect(stdout.includes("no input channel is exactly zero")).toBe(!/[1-9]\d* of 784/.test(stdout));
    const drawn = await asked("inspect", "a/model.onnx", "--html", "net.html");
    expect([drawn.status, drawn.stdout.includes("wrote net.html")]).toEqual([0, true]);
    expect(await readFile(at("net.html"), "utf8")).toMatch(/^<!doctype html>.*7\.85 k/s);
    const over = await asked("inspect", "a/model.onnx", "--html", "a/model.onnx");
    expect([over.status, over.stderr]).toEqual([2, expect.stringContaining("would replace an input")]);
  });

  test("data list and info", async () => {
    const list = await asked("data", "list", "--data-root", at(), "--json");
    expect(JSON.parse(list.stdout).map((d: { name: string; here: boolean }) => [d.name, d.here])).toContainEqual([
      "mnist",
      false,
    ]);
    expect((await asked("data", "info", "digits")).stdout).toContain("1×28×28");
    const absent = await asked("evaluate", "a/small.onnx", "--data", "mnist", "--data-root", at());
    expect([absent.status, absent.stderr]).toEqual([1, expect.stringContaining("data get mnist")]);
  });
});

test("a built-in model takes the data's shape", async () => {
  const model = "train --model resnet20 --data digits --limit-train 40 --batch-size 20 --epochs 1".split(" ");
  const { status, stderr } = await espalier(...model, "--optimizer", "sgd", "--threads", "1", "--out", "fit");
  expect(status, stderr).toBe(0);
});
