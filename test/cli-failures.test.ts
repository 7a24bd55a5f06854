/** What goes wrong on the command line, and what a stop leaves behind. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, interrupted, at } = commandLine();

/** A run of a second: sparse input columns, so that something is removed. */
const SMALL = "train --model logistic --data digits --limit-train 500 --epochs 3 --optimizer prox-sgd".split(" ");
const SPARSE = "--groups input-channel --lambda 0.05 --threads 1".split(" ");

describe("work that fails exits with 1 and leaves nothing half-done", () => {
  test("a damaged model", async () => {
    await writeFile(at("damaged.onnx"), "not a model, but of some length");
    const { status, stderr } = await asked("shrink", "damaged.onnx", "out.onnx");
    expect([status, stderr]).toEqual([1, expect.stringMatching(/file +damaged\.onnx/)]);
    expect(existsSync(at("out.onnx"))).toBe(false);
  });

  test("external data that lies elsewhere, or is no file", async () => {
    const shrink = (model: string) => asked("shrink", model, "out.onnx");
    const fixtures = fileURLToPath(new URL("fixtures/onnx/", import.meta.url));
    await copyFile(join(fixtures, "external.onnx"), at("external.onnx"));
    expect((await shrink("external.onnx")).stderr).toMatch(/data file +external\.bin\n +reason +there is no such file/);
    if (process.platform !== "win32") {
      await symlink(join(fixtures, "external.bin"), at("external.bin"));
      expect((await shrink("external.onnx")).stderr).toContain("it lies outside the model's folder");
      await rm(at("external.bin"));
    }
    await mkdir(at("external.bin"));
    const { status, stderr } = await shrink("external.onnx");
    expect([status, stderr]).toEqual([1, expect.stringContaining("it is no regular file")]);
    expect(existsSync(at("out.onnx"))).toBe(false);
  });

  test("a certificate that cannot be written: nothing is", async () => {
    await copyFile(fileURLToPath(new URL("fixtures/onnx/torch-mlp-17.onnx", import.meta.url)), at("mlp.onnx"));
    await mkdir(at("folder"));
    const { status, stderr } = await asked("shrink", "mlp.onnx", "out.onnx", "--certificate", "folder");
    expect([status, stderr]).toEqual([1, expect.stringContaining("it is a folder")]);
    expect(existsSync(at("out.onnx"))).toBe(false);
  });

  test("a device that is not there: said before an older run is overwritten", async () => {
    await espalier(...SMALL, ...SPARSE, "--epochs", "1", "--out", "kept");
    const before = await readdir(at("kept"));
    vi.stubEnv("CUDA_VISIBLE_DEVICES", "-1"); // on a machine with CUDA
    const again = await espalier(...SMALL, ...SPARSE, "--out", "kept", "--overwrite", "--device", "cuda");
    vi.unstubAllEnvs();
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('device "cpu" runs everywhere')]);
    expect(await readdir(at("kept"))).toEqual(before);
  });

  test("an output directory that cannot be: said before training", async () => {
    await writeFile(at("file"), "");
    const { status, stderr, stdout } = await asked(...SMALL, ...SPARSE, "--out", "file/run");
    expect([status, stderr]).toEqual([1, expect.stringContaining("is a file, not a folder")]);
    expect(stdout).not.toContain("epoch");
  });

  test("data that does not fit the model", async () => {
    const file = fileURLToPath(new URL("fixtures/onnx/torch-net-17.onnx", import.meta.url));
    const { status, stderr } = await asked("train", "--model", file, "--data", "digits", "--out", "misfit");
    expect([status, stderr]).toEqual([1, expect.stringContaining("does not fit")]);
    const small = await asked("train", "--model", "vgg16", "--data", "digits", "--out", "misfit");
    expect([small.status, small.stderr]).toEqual([2, expect.stringContaining("the images are too small for vgg16")]);
    expect(existsSync(at("misfit"))).toBe(false);
  });
});

test.skipIf(process.platform === "win32")(
  "Ctrl-C leaves a checkpoint that --resume goes on from",
  async () => {
    const flags = [...SMALL, ...SPARSE, "--epochs", "150", "--out", "c"];
    const { status, stdout } = await interrupted("epoch   3/150", ...flags);
    expect([status, stdout]).toEqual([130, expect.stringContaining("npx espalier train --resume --out c")]);
    expect(existsSync(at("c", "checkpoint.safetensors"))).toBe(true);
    expect(existsSync(at("c", "small.onnx"))).toBe(false);

    const resumed = await espalier("train", "--resume", "--out", "c", "--json");
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain("going on in epoch");
    expect(JSON.parse(resumed.stdout).summary.epochs).toBe(150);
  },
  120_000,
);

test("a search for lambda that is resumed after its last trial comes to the same model", async () => {
  const base = "train --model logistic --data digits --limit-train 300 --epochs 2 --optimizer prox-sgd --threads 1";
  const flags = "--groups input-channel --target-params 0.33 --target-search --out search --json".split(" ");
  const first = await espalier(...base.split(" "), ...flags);
  expect(first.status, first.stderr).toBe(0);
  const { trials, summary } = JSON.parse(first.stdout);
  expect(trials.length).toBeGreaterThan(1);
  expect(summary.lambda).toBe(trials[0].lambda);
  expect(JSON.parse(await readFile(at("search", "run.json"), "utf8")).config).toMatchObject({ lambda: 1e-4 });
  const small = await readFile(at("search", "small.onnx"));

  await rm(at("search", "summary.json"));
  const again = await espalier("train", "--resume", "--out", "search", "--json");
  expect(again.status, again.stderr).toBe(0);
  expect(JSON.parse(again.stdout).trials).toEqual(trials);
  expect(await readFile(at("search", "small.onnx"))).toEqual(small);
}, 120_000);
