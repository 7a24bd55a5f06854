/** preprocessor_config.json: read by every command that feeds a model images, written beside what each makes of it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { models, write } from "espalier";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { drawnCifar } from "./support/cifar-records.ts";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at, json } = commandLine();
const beside = { do_resize: true, size: { shortest_edge: 40 }, resample: 3, do_center_crop: true, crop_size: 32 };
const half = { do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
const config = { ...beside, ...half };
const prepared = expect.stringContaining("shorter side to 40 (bicubic), the middle 32 × 32");

beforeAll(async () => {
  for (const part of ["train", "val"])
    for (let i = 0; i < 8; i++) {
      const name = i % 2 ? "dark" : "light";
      const level = (i % 2 ? 20 : 200) + i;
      mkdirSync(join(at("own"), part, name), { recursive: true });
      const create = { width: 40 + i, height: 50, channels: 3, background: { r: level, g: level, b: level } } as const;
      await sharp({ create })
        .png()
        .toFile(join(at("own"), part, name, `${i}.png`));
    }
  for (const [name, classes] of [
    ["hub", 2],
    ["ten", 10],
  ] as const) {
    mkdirSync(at(name, "onnx"), { recursive: true });
    writeFileSync(at(name, "preprocessor_config.json"), JSON.stringify(config));
    const bytes = write(models.lenet5Small({ input: [3, 32, 32], classes, seed: 1 }));
    writeFileSync(at(name, "onnx/model.onnx"), bytes);
  }
  writeFileSync(at("hub/config.json"), JSON.stringify({ id2label: { 0: "dark", 1: "light" } }));
  const records = drawnCifar();
  mkdirSync(at("binary"));
  writeFileSync(at("binary/data_batch_1.bin"), records.train);
  writeFileSync(at("binary/test_batch.bin"), records.test);
});

const threads = ["--threads", "1"];
const own = () => ["--data", at("own"), ...threads];

test.each([
  ["evaluate", "hub/onnx/model.onnx"],
  ["prune", "hub", "half", "--keep", "0.5"],
  ["shrink", "hub", "shrunk.onnx"],
])("%s %s", async (...command) => {
  const { status, stderr } = await asked(...command, ...own());
  expect([status, stderr]).toEqual([0, prepared]);
  if (command[0] === "prune") expect(await json("half", "preprocessor_config.json")).toEqual(config); // as it was given
  if (command[0] === "shrink") expect(await json(".", "shrunk.preprocessor_config.json")).toEqual(config);
});

test("train: the run's models record it, and it lies beside them and in the small one's folder", async () => {
  const brief = ["--epochs", "1", "--batch-size", "8", "--penalty", "none", "--out", "run"];
  const { status, stderr } = await espalier("train", "--model", "hub", ...own(), ...brief);
  expect([status, stderr]).toEqual([0, prepared]);
  const written = await json("run", "preprocessor_config.json");
  expect(written).toMatchObject({ ...config, crop_size: { height: 32, width: 32 }, do_rescale: true });
  expect(await json("run/small", "preprocessor_config.json")).toEqual(config);
  expect((await json("run/small", "config.json")).id2label).toEqual({ 0: "dark", 1: "light" });
});

test("pixels that no file holds are normalized by it too", async () => {
  const binary = ["ten", "--data", at("binary"), ...threads, "--json"];
  const said = await asked("evaluate", ...binary);
  expect(said.stderr).toContain("pixels are normalized as ten/preprocessor_config.json says");
  const normalized = await asked("evaluate", ...binary, "--normalize", "0.5,0.5,0.5/0.5,0.5,0.5");
  expect(JSON.parse(said.stdout).loss).toBe(JSON.parse(normalized.stdout).loss);
});

test("one that cannot be followed is refused by its field", async () => {
  mkdirSync(at("odd"));
  writeFileSync(at("odd/model.onnx"), write(models.lenet5Small({ input: [3, 32, 32], classes: 2, seed: 1 })));
  writeFileSync(at("odd/preprocessor_config.json"), JSON.stringify({ ...config, size: { longest_edge: 40 } }));
  const { status, stderr } = await asked("evaluate", "odd", ...own());
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/preprocessor_config.json[\s\S]*size[\s\S]*longest_edge/),
  ]);
});

test("--bake-normalization puts it into what is shrunk and pruned, and what is written beside it says so", async () => {
  const scored = async (model: string) => {
    const { stdout } = await asked("evaluate", model, "--data", at("binary"), ...threads, "--json");
    return JSON.parse(stdout).loss as number;
  };
  const baked = await asked("shrink", "ten", "baked.onnx", "--bake-normalization", ...threads);
  expect([baked.status, baked.stderr]).toEqual([0, ""]);
  expect(baked.stdout).toContain("wrote baked.onnx with the normalization in it");
  expect(await scored("baked.onnx")).toBe(await scored("ten"));
  const unscaled = { do_rescale: false, do_normalize: false, size: { shortest_edge: 40 }, crop_size: 32 };
  expect(await json(".", "baked.preprocessor_config.json")).toMatchObject(unscaled);
  expect((await asked("prune", "ten", "cut", "--keep", "0.5", "--bake-normalization", ...threads)).status).toBe(0);
  expect(await json("cut", "preprocessor_config.json")).toMatchObject(unscaled);
  const file = "ten/onnx/model.onnx";
  for (const [args, said] of [
    [["shrink", "baked.onnx", "again.onnx"], "takes values as they are"],
    [["shrink", "ten", "c.onnx", "--certificate", "c.json"], "a certificate is of the model as it was given"],
    [["prune", file, "d.onnx", "--normalize", "none"], "there is nothing to put into the model"],
  ] as const) {
    const refused = await asked(...args, "--bake-normalization");
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining(said)]);
  }
});
