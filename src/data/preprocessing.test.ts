import { expect, test } from "vitest";
import {
  checkPreprocessing,
  imageScale,
  outputSize,
  type Preprocessing,
  type PresetName,
  preprocessingEntry,
  preprocessingText,
  preset,
  presetNames,
  recordedPreprocessing,
} from "./preprocessing.ts";
import { fromPreprocessorConfig } from "./preprocessor-config.ts";

const HALF = [0.5, 0.5, 0.5];
const normalized = { do_normalize: true, image_mean: HALF, image_std: HALF };

test("presets are those of the models they are named after, at any size", () => {
  expect(preset("imagenet", 224)).toEqual({
    resize: { shortest: 256 },
    interpolation: "bilinear",
    crop: [224, 224],
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  });
  expect(preset("clip", 336)).toMatchObject({ resize: { shortest: 336 }, crop: [336, 336], interpolation: "bicubic" });
  expect(preset("none", [32, 48])).toEqual({ resize: { exact: [32, 48] }, interpolation: "bilinear" });
  for (const name of presetNames) expect(outputSize(preset(name, [96, 64]))).toEqual([96, 64]);
  expect(() => preset("imagnet" as PresetName, 224)).toThrow(/unknown preprocessing "imagnet".*imagenet/s);
  expect(() => preset("none", 0)).toThrow("a height and a width");
});

test("preprocessor_config.json of ViT, DeiT, CLIP and ConvNeXT, old and new", () => {
  const vit = { ...normalized, do_resize: true, feature_extractor_type: "ViTFeatureExtractor", resample: 2, size: 224 };
  const exact = { resize: { exact: [224, 224] }, interpolation: "bilinear", mean: HALF, std: HALF };
  expect(fromPreprocessorConfig(vit)).toEqual(exact);
  const newer = { ...vit, image_processor_type: "ViTImageProcessor", size: { height: 224, width: 224 } };
  expect(fromPreprocessorConfig({ ...newer, do_rescale: true, rescale_factor: 1 / 255 })).toEqual({
    ...exact,
    rescale: 1 / 255,
  });
  const clip = {
    ...normalized,
    crop_size: 224,
    do_center_crop: true,
    do_resize: true,
    feature_extractor_type: "CLIPFeatureExtractor",
    resample: 3,
    size: 224,
  };
  const cut = { resize: { shortest: 224 }, crop: [224, 224], interpolation: "bicubic", mean: HALF, std: HALF };
  expect(fromPreprocessorConfig(clip)).toEqual(cut);
  expect(
    fromPreprocessorConfig({ ...clip, size: { shortest_edge: 224 }, crop_size: { height: 224, width: 224 } }),
  ).toEqual(cut);
  const deit = { ...clip, feature_extractor_type: "DeiTFeatureExtractor", size: 256 };
  expect(fromPreprocessorConfig(deit)).toEqual({ ...cut, resize: { exact: [256, 256] } });
  const convnext = { ...normalized, image_processor_type: "ConvNextImageProcessor", resample: 3, crop_pct: 0.875 };
  expect(fromPreprocessorConfig({ ...convnext, size: { shortest_edge: 224 } })).toMatchObject({
    resize: { shortest: 256 },
    crop: [224, 224],
  });
  const large = fromPreprocessorConfig({ ...convnext, size: { shortest_edge: 384 } });
  expect([large.resize, large.crop]).toEqual([{ exact: [384, 384] }, undefined]);
});

test("what a preprocessor_config.json asks for and cannot be done is named", () => {
  const say = (change: object) => {
    try {
      return JSON.stringify(fromPreprocessorConfig({ ...normalized, size: 224, ...change }));
    } catch (error) {
      return (error as Error).message.replaceAll(/\s+/g, " ");
    }
  };
  expect([
    say({ size: { shortest_edge: 800, longest_edge: 1333 } }),
    say({ resample: 4 }),
    say({ do_center_crop: "yes" }),
    say({ image_mean: "grey" }),
    say({ image_std: [1, 0, 1] }),
    say({ do_normalize: false, do_rescale: false }),
  ]).toMatchInlineSnapshot(`
    [
      "the preprocessor_config.json asks for what cannot be done field size got {"shortest_edge":800,"longest_edge":1333} wanted a number, { height, width } or { shortest_edge }",
      "the preprocessor_config.json asks for what cannot be done field resample got 4 wanted 0 (nearest), 1 (lanczos), 2 (bilinear) or 3 (bicubic)",
      "the preprocessor_config.json asks for what cannot be done field do_center_crop got "yes" wanted true or false",
      "the preprocessor_config.json asks for what cannot be done field image_mean got "grey" wanted a number per channel",
      "the preprocessing is not valid field std got [1,0,1] wanted numbers > 0",
      "{"resize":{"exact":[224,224]},"interpolation":"bilinear","rescale":1}",
    ]
  `);
  expect(() => fromPreprocessorConfig("{}")).toThrow("wants an object");
});

test("another scale than 1 / 255 is said in other means and deviations, grey images take the mean of three", () => {
  const p: Preprocessing = { resize: null, interpolation: "nearest", rescale: 1, mean: [10, 20, 30], std: [2, 4, 6] };
  const { mean, std } = imageScale(p, 3);
  const x = 77;
  for (const c of [0, 1, 2]) expect((x / 255 - mean[c]) / std[c]).toBeCloseTo((x - p.mean![c]) / p.std![c], 9);
  expect(imageScale({ ...p, rescale: 1 / 255 }, 1)).toEqual({ mean: [20], std: [4] });
  expect(imageScale({ resize: null, interpolation: "nearest" }, 3)).toEqual({ mean: [0, 0, 0], std: [1, 1, 1] });
});

test("a file's metadata keeps it", () => {
  const p = preset("clip", 96);
  expect(recordedPreprocessing(new Map([preprocessingEntry(p)]))).toEqual(p);
  expect(recordedPreprocessing(new Map())).toBeUndefined();
  const [key] = preprocessingEntry(p);
  expect(() => recordedPreprocessing(new Map([[key, "{"]]))).toThrow("no JSON");
  expect(() => recordedPreprocessing(new Map([[key, '{"resize":5}']]))).toThrow("not valid");
  expect(preprocessingText(p)).toBe("shorter side to 96 (bicubic), the middle 96 × 96");
});

test("what is no preprocessing is refused by its field", () => {
  const good = preset("imagenet", 224);
  const refuse = (change: object) => {
    try {
      checkPreprocessing({ ...good, ...change });
    } catch (error) {
      return (error as Error).message.replaceAll(/\s+/g, " ");
    }
    return "no error";
  };
  expect([
    refuse({ interpolation: "cubic" }),
    refuse({ resize: { shortest: 2.5 } }),
    refuse({ crop: [300, 224] }),
    refuse({ rescale: 0 }),
    refuse({ mean: [1] }),
    refuse({ std: [1, 0, 1] }),
  ]).toMatchInlineSnapshot(`
    [
      "the preprocessing is not valid field interpolation got "cubic" wanted nearest, bilinear, bicubic, lanczos",
      "the preprocessing is not valid field resize got {"shortest":2.5} wanted { exact: [height, width] }, { shortest: length } or null",
      "the preprocessing is not valid field crop got [300,224] wanted at most [256,256], what resizing leaves",
      "the preprocessing is not valid field rescale got 0 wanted a number > 0",
      "the preprocessing is not valid field mean and std got "1 and 3 numbers" wanted one each, or three",
      "the preprocessing is not valid field std got [1,0,1] wanted numbers > 0",
    ]
  `);
  expect(() => outputSize({ resize: { shortest: 9 }, interpolation: "nearest" })).toThrow("several sizes");
});
