import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromArrays } from "../../data/dataset.ts";
import { type Preprocessing, preset } from "../../data/preprocessing.ts";
import { fromPreprocessorConfig } from "../../data/preprocessor-config.ts";
import type { Model } from "../../graph/types.ts";
import { models } from "../../models/index.ts";
import { write } from "../../onnx/write.ts";
import { bakeNormalization } from "../../train/bake-normalization.ts";
import { recordPreprocessing } from "../../train/images.ts";
import { recordNormalization } from "../../train/normalization.ts";
import { preprocessorConfig, preprocessorConfigFor } from "../../train/preprocessor-config.ts";
import { normalizationBeside, normalizedBy, preprocessingBeside, writePreprocessor } from "./preprocessor-file.ts";
import { readModelFolder } from "./read-folder.ts";
import { writeModelFolder } from "./write-folder.ts";

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "espalier-test-"));
});
afterAll(() => rm(place, { recursive: true, force: true }));

const plain = models.lenet5Small({ input: [3, 32, 32], classes: 2, seed: 1 });
const scale = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] };
const recorded = (p: Preprocessing | undefined, n: typeof scale | undefined = scale): Model =>
  recordNormalization(recordPreprocessing(plain, p), n);

const ways: readonly Preprocessing[] = [
  preset("imagenet", 32),
  preset("siglip", 32),
  { resize: { shortest: 40 }, interpolation: "bicubic", crop: [32, 32] },
  { resize: { exact: [40, 48] }, interpolation: "lanczos", crop: [32, 32] },
  { resize: { exact: [32, 32] }, interpolation: "nearest" },
  { resize: null, interpolation: "bilinear", crop: [32, 32] },
];

test.each(ways)("what a model records is what its config is read as: %o", (way) => {
  const { resize, interpolation, crop } = way;
  const read = fromPreprocessorConfig(JSON.parse(JSON.stringify(preprocessorConfig(recorded(way)))));
  expect(read).toEqual({
    resize,
    interpolation,
    rescale: 1 / 255,
    ...scale,
    ...(crop && { crop }),
  });
});

test("images of which nothing is recorded but mean and deviation are stretched to the model's size", () => {
  expect(preprocessorConfig(recorded(undefined))).toEqual({
    image_processor_type: "ViTImageProcessor",
    do_convert_rgb: true,
    do_resize: true,
    size: { height: 32, width: 32 },
    resample: 2,
    do_center_crop: false,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: scale.mean,
    image_std: scale.std,
  });
});

test("a model that normalizes by itself takes pixels as they are", () => {
  const config = preprocessorConfig(bakeNormalization(recorded(ways[0]), scale))!;
  expect([config.do_rescale, config.do_normalize, config.image_mean]).toEqual([false, false, undefined]);
  expect(config).toMatchObject({ do_resize: true, crop_size: { height: 32, width: 32 } });
});

test("models that say nothing of images have none", () => {
  expect(preprocessorConfig(plain)).toBeUndefined();
  const rows = models.logistic({ input: [12], classes: 2, seed: 1 });
  expect(preprocessorConfig(recordNormalization(rows, undefined))).toBeUndefined();
  expect(preprocessorConfigFor(plain, undefined)).toBeUndefined();
});

test("a config that says the same is kept, other numbers are changed in it, another way takes its place", () => {
  const own = {
    image_processor_type: "ConvNextImageProcessor",
    size: { shortest_edge: 28 },
    crop_pct: 0.875,
    image_mean: scale.mean,
    image_std: scale.std,
  };
  const said = fromPreprocessorConfig(own);
  expect(preprocessorConfigFor(recorded(said), own)).toBe(own);
  expect(preprocessorConfigFor(recorded(undefined), own)).toBe(own);
  const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  expect(preprocessorConfigFor(recorded(said, half), own)).toMatchObject({
    ...own,
    image_mean: half.mean,
    image_std: half.std,
  });
  expect(preprocessorConfigFor(recorded(ways[1]), own)).toEqual(preprocessorConfig(recorded(ways[1])));
  const unlike = { ...own, size: { longest_edge: 3 } }; // cannot be followed
  expect(preprocessorConfigFor(recorded(ways[1]), unlike)).toEqual(preprocessorConfig(recorded(ways[1])));
});

test("it is written beside a file and found there, in a folder and around one called onnx", async () => {
  const at = (...path: string[]) => join(place, ...path);
  const [a, b] = ways.map((way) => recorded(way));
  await mkdir(at("hub/onnx"), { recursive: true });
  expect(await preprocessingBeside(at("hub"))).toBeUndefined();
  expect(await writePreprocessor(at("small.onnx"), plain)).toBeUndefined();
  expect(await writePreprocessor(at("small.onnx"), a)).toBe(at("small.preprocessor_config.json"));
  const found = await preprocessingBeside(at("small.onnx"));
  expect(found).toMatchObject({ file: at("small.preprocessor_config.json"), preprocessing: { ...ways[0], ...scale } });
  expect(await preprocessingBeside(at("other.onnx"))).toBeUndefined();
  await writeFile(at("hub/preprocessor_config.json"), JSON.stringify(preprocessorConfig(b)));
  for (const path of ["hub", "hub/model.onnx", "hub/onnx/model.onnx"])
    expect((await preprocessingBeside(at(path)))?.preprocessing).toMatchObject({ resize: { exact: [32, 32] } });
  expect(await writePreprocessor(at("third.onnx"), plain, at("hub"))).toBe(at("third.preprocessor_config.json"));
  expect(await readFile(at("third.preprocessor_config.json"), "utf8")).toContain('"height": 32');
  await writeFile(at("hub/preprocessor_config.json"), '{"feature_size": 80}');
  expect(await preprocessingBeside(at("hub"))).toBeUndefined();
  await writeFile(at("hub/preprocessor_config.json"), '{"do_resize": true, "size": {"longest_edge": 3}}');
  await expect(preprocessingBeside(at("hub"))).rejects.toThrow(/size[\s\S]*longest_edge/);
  await writeFile(at("hub/preprocessor_config.json"), "{");
  await expect(preprocessingBeside(at("hub"))).rejects.toThrow(/no JSON[\s\S]*hub.preprocessor_config.json/);
});

test("the folder of a smaller model says what that one expects", async () => {
  const from = join(place, "from");
  await mkdir(from);
  await writeFile(join(from, "model.onnx"), write(plain));
  const folder = async (after: Model, to: string) => {
    await writeModelFolder(await readModelFolder(from), join(place, to), { before: plain, after, bytes: write(after) });
    return (await readdir(join(place, to))).includes("preprocessor_config.json")
      ? readFile(join(place, to, "preprocessor_config.json"), "utf8")
      : undefined;
  };
  expect(await folder(plain, "silent")).toBeUndefined();
  expect(JSON.parse((await folder(recorded(ways[0]), "said"))!)).toEqual(preprocessorConfig(recorded(ways[0])));
  const text = JSON.stringify(preprocessorConfig(recorded(ways[0])));
  await writeFile(join(from, "preprocessor_config.json"), text);
  expect(await folder(plain, "copied")).toBe(text);
  expect(await folder(recorded(ways[0]), "same")).toBe(text);
  const baked = JSON.parse((await folder(bakeNormalization(recorded(ways[0]), scale), "baked"))!);
  expect(baked).toMatchObject({ do_rescale: false, do_normalize: false, crop_size: { height: 32 } });
});

test("mean and deviation of a model that records none come from beside it", async () => {
  const at = join(place, "foreign.onnx");
  expect(await normalizationBeside(at, plain)).toBeUndefined();
  await writePreprocessor(at, recorded(ways[0]));
  expect(await normalizationBeside(at, plain)).toEqual(scale);
  expect(await normalizationBeside(at, recorded(undefined))).toBeUndefined();
});

test("images in memory are normalized as the file says, unless mean and deviation came with them", async () => {
  const given = { file: "p.json", preprocessing: { resize: null, interpolation: "bilinear", ...scale } } as const;
  const of = (more: object) =>
    fromArrays(new Uint8Array(5 * 3 * 4), Int32Array.of(0, 1, 0, 1, 0), { shape: [3, 2, 2], ...more });
  const said = normalizedBy(of({}), given);
  expect([said.mean, said.std, said.notes?.map(String)]).toEqual([
    scale.mean,
    scale.std,
    ["pixels are normalized as p.json says"],
  ]);
  const own = of({ mean: [0, 0, 0], std: [1, 1, 1] });
  expect(normalizedBy(own, given)).toBe(own);
});
