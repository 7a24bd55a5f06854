/** How images of any size become samples of one: resized, cut, scaled. The same for training, evaluation and whoever uses the model. */

import { UsageError } from "../error.ts";
import { aList, anObject, aText, type Kind, maybe, wants } from "../given.ts";
import { nearest } from "../nearest.ts";

/** How pixels between pixels are found. All but nearest smooth when they make an image smaller, as Pillow does. */
const INTERPOLATIONS = ["nearest", "bilinear", "bicubic", "lanczos"] as const;
export type Interpolation = (typeof INTERPOLATIONS)[number];

/** Height and width. */
export type ImageSize = readonly [height: number, width: number];

/** What becomes of an image before a model sees it, in the order of the fields. */
export interface Preprocessing {
  /** `exact`: stretched to a height and a width. `shortest`: so that its shorter side has this length. null: as it is. */
  readonly resize: { readonly exact: ImageSize } | { readonly shortest: number } | null;
  readonly interpolation: Interpolation;
  /** The middle of it, of this height and width. */
  readonly crop?: ImageSize;
  /** What values 0 … 255 are multiplied by first. Default 1 / 255. */
  readonly rescale?: number;
  /** Subtracted, per channel, after that. Default 0. */
  readonly mean?: readonly number[];
  /** Divided by, per channel. Default 1. */
  readonly std?: readonly number[];
}

/** What a model wants of images. */
export interface ImagesWanted {
  /** Height and width of a sample. */
  readonly size?: ImageSize;
  /** 1 = grey, 3 = colour. */
  readonly channels?: 1 | 3;
  /** What its file records. */
  readonly preprocessing?: Preprocessing;
}

interface Preset {
  readonly interpolation: Interpolation;
  /** Share of the shorter side that the cut keeps; undefined = stretched to the size. */
  readonly keeps?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * torchvision's for classifiers of ImageNet; OpenAI's CLIP; SigLIP and the first ViT as Hugging Face has them; the Inception of timm;
 * `none`: stretched to the size, x / 255.
 */
const PRESETS = {
  imagenet: { interpolation: "bilinear", keeps: 224 / 256, ...IMAGENET },
  clip: {
    interpolation: "bicubic",
    keeps: 1,
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  },
  siglip: { interpolation: "bicubic", ...HALF },
  vit: { interpolation: "bilinear", ...HALF },
  inception: { interpolation: "bicubic", keeps: 224 / 256, ...HALF },
  none: { interpolation: "bilinear" },
} as const satisfies Readonly<Record<string, Preset>>;

export type PresetName = keyof typeof PRESETS;
export const presetNames = Object.keys(PRESETS) as PresetName[];

/**
 * The preprocessing that a family of models was trained with, for another size of image.
 * @param size height and width of the model's input; a number is both
 * @throws UsageError for an unknown name, or a size that is none
 */
export function preset(name: PresetName, size: number | ImageSize): Preprocessing {
  wants("preset", ["name", aText, name], ["size", aSize, size]);
  if (!Object.hasOwn(PRESETS, name))
    throw new UsageError("unknown-name", `unknown preprocessing "${name}"`, {
      nearest: nearest(name, [...presetNames]),
      wanted: presetNames.join(", "),
    });
  const { interpolation, keeps, mean, std }: Preset = PRESETS[name];
  const crop = sizeOf(size);
  const scaled = { ...(mean && { mean }), ...(std && { std }) };
  if (keeps === undefined) return { resize: { exact: crop }, interpolation, ...scaled };
  return { resize: { shortest: Math.round(Math.max(...crop) / keeps) }, interpolation, crop, ...scaled };
}

const isLength = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 1 && (x as number) <= 16384;
const isSize = (x: unknown): boolean => Array.isArray(x) && x.length === 2 && x.every(isLength);
const aSize: Kind = {
  wanted: "a height and a width from 1 to 16384, [224, 224], or one number for both",
  holds: (x) => isLength(x) || isSize(x),
};
const sizeOf = (size: number | ImageSize): ImageSize => (typeof size === "number" ? [size, size] : [size[0], size[1]]);

/**
 * Height and width of what it makes.
 * @throws UsageError when these differ from image to image, or a field is not valid
 */
export function outputSize(p: Preprocessing): ImageSize {
  checkPreprocessing(p);
  if (p.crop) return p.crop;
  if (p.resize && "exact" in p.resize) return p.resize.exact;
  throw new UsageError(
    "conflict",
    "the preprocessing makes images of several sizes",
    { got: p.resize ? `the shorter side ${p.resize.shortest}, no crop` : "no resize, no crop" },
    "give a crop, or resize to a height and a width",
  );
}

/** @throws UsageError naming the field that is not valid */
export function checkPreprocessing(p: Preprocessing): void {
  wants(
    "preprocessing",
    ["preprocessing", anObject, p],
    ["mean", maybe(aList), p, "mean"],
    ["std", maybe(aList), p, "std"],
  );
  const wrong = (field: string, got: unknown, wanted: string): never => {
    throw new UsageError("out-of-range", "the preprocessing is not valid", {
      field,
      got: JSON.stringify(got) ?? String(got),
      wanted,
    });
  };
  const { resize, interpolation, crop, rescale = 1, mean = [], std = [] } = p;
  if (!INTERPOLATIONS.includes(interpolation)) wrong("interpolation", interpolation, INTERPOLATIONS.join(", "));
  const exact = resize && "exact" in resize ? resize.exact : undefined;
  const shortest = resize && "shortest" in resize ? resize.shortest : undefined;
  if (resize !== null && !isSize(exact) && !isLength(shortest))
    wrong("resize", resize, "{ exact: [height, width] }, { shortest: length } or null");
  if (crop && !isSize(crop)) wrong("crop", crop, "[height, width]");
  const within = exact ?? (shortest !== undefined ? [shortest, shortest] : undefined);
  if (crop && within && (crop[0] > within[0] || crop[1] > within[1]))
    wrong("crop", crop, `at most [${within}], what resizing leaves`);
  if (!(Number.isFinite(rescale) && rescale > 0)) wrong("rescale", rescale, "a number > 0");
  if (!mean.every(Number.isFinite)) wrong("mean", mean, "numbers");
  if (!std.every((s) => Number.isFinite(s) && s > 0)) wrong("std", std, "numbers > 0");
  const channels = [mean, std].filter((of) => of.length > 0).map((of) => of.length);
  if (channels.some((n) => n !== channels[0] || ![1, 3].includes(n)))
    wrong("mean and std", `${mean.length} and ${std.length} numbers`, "one each, or three");
}

/**
 * What a data set of its images says of mean and deviation, which are of x / 255: with another scale these are other numbers that do the
 * same.
 * @param channels of the samples
 */
export function imageScale(p: Preprocessing, channels: number): { mean: number[]; std: number[] } {
  checkPreprocessing(p);
  const { rescale = 1 / 255, mean = [0], std = [1] } = p;
  const scale = 255 * rescale;
  const each = (of: readonly number[]): number[] =>
    Array.from({ length: channels }, (_, c) => {
      const value = of.length === channels ? of[c] : of.reduce((a, b) => a + b, 0) / of.length; // a grey image of three: their mean
      return scale === 1 ? value : value / scale;
    });
  return { mean: each(mean), std: each(std) };
}

const KEY = "espalier.preprocessing";

/** The entry of a file's metadata that says it. */
export const preprocessingEntry = (p: Preprocessing): readonly [string, string] => [KEY, JSON.stringify(p)];

/**
 * What a file's metadata says of it; undefined when it says nothing.
 * @throws UsageError when what is said is not valid
 */
export function recordedPreprocessing(metadata: ReadonlyMap<string, string>): Preprocessing | undefined {
  const text = metadata.get(KEY);
  if (text === undefined) return undefined;
  let read: Preprocessing;
  try {
    read = JSON.parse(text);
  } catch {
    throw new UsageError("invalid-file", "the model's record of its preprocessing is no JSON", {
      field: KEY,
      got: text,
    });
  }
  checkPreprocessing(read);
  return read;
}

/** The same in words, for people: "shorter side to 256 (bilinear), middle 224 × 224". */
export function preprocessingText({ resize, interpolation, crop }: Preprocessing): string {
  const by = (size: ImageSize) => `${size[0]} × ${size[1]}`;
  const how =
    resize === null
      ? "not resized"
      : `${"exact" in resize ? `stretched to ${by(resize.exact)}` : `shorter side to ${resize.shortest}`} (${interpolation})`;
  return crop ? `${how}, the middle ${by(crop)}` : how;
}
