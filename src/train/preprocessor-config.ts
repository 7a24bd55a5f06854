/** What a model says of the images that it expects, as Hugging Face's preprocessor_config.json says it to whoever runs it. */
import { type Interpolation, imageScale, type Preprocessing } from "../data/preprocessing.ts";
import { fromPreprocessorConfig } from "../data/preprocessor-config.ts";
import { EspalierError } from "../error.ts";
import { aModel, anObject, maybe, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { imagesFor } from "./images.ts";
import { recordedNormalization } from "./normalization.ts";

/** The fields of a preprocessor_config.json, in the order in which they are done. */
export interface PreprocessorConfig {
  /** A processor of transformers and transformers.js that does what the other fields say. */
  readonly image_processor_type: "CLIPImageProcessor" | "ViTImageProcessor";
  readonly do_convert_rgb?: boolean;
  readonly do_resize: boolean;
  readonly size?: { readonly height: number; readonly width: number } | { readonly shortest_edge: number };
  /** Pillow's number of the interpolation. */
  readonly resample: number;
  readonly do_center_crop: boolean;
  readonly crop_size?: { readonly height: number; readonly width: number };
  readonly do_rescale: boolean;
  readonly rescale_factor?: number;
  readonly do_normalize: boolean;
  /** Of x / 255, one number per channel. */
  readonly image_mean?: readonly number[];
  readonly image_std?: readonly number[];
}

/** Pillow's numbers. */
const RESAMPLE: Readonly<Record<Interpolation, number>> = { nearest: 0, lanczos: 1, bilinear: 2, bicubic: 3 };

/**
 * What a model of images expects, by what its metadata records: how images are resized and cut, what is subtracted and divided by. Where
 * nothing is recorded of sizes, images are stretched to the model's.
 * @returns undefined for a model that takes no images `[N, 1 or 3, H, W]`, or records nothing of them
 * @throws UsageError when the record is damaged
 */
export function preprocessorConfig(model: Model): PreprocessorConfig | undefined {
  wants("preprocessorConfig", ["model", aModel, model]);
  const { channels, size, preprocessing } = imagesFor(model);
  const normalization = recordedNormalization(model);
  if (channels === undefined || (!preprocessing && normalization === undefined)) return undefined;
  const stretched: Preprocessing = { resize: size ? { exact: size } : null, interpolation: "bilinear" };
  const { resize, interpolation, crop } = preprocessing ?? stretched;
  const scale = normalization === undefined ? imageScale(preprocessing!, channels) : normalization;
  const sides = ([height, width]: readonly [number, number]) => ({ height, width });
  return {
    image_processor_type: crop || (resize && "shortest" in resize) ? "CLIPImageProcessor" : "ViTImageProcessor",
    ...(channels === 3 && { do_convert_rgb: true }),
    do_resize: resize !== null,
    ...(resize && { size: "exact" in resize ? sides(resize.exact) : { shortest_edge: resize.shortest } }),
    resample: RESAMPLE[interpolation],
    do_center_crop: crop !== undefined,
    ...(crop && { crop_size: sides(crop) }),
    do_rescale: scale !== null,
    ...(scale && { rescale_factor: 1 / 255 }),
    do_normalize: scale !== null,
    ...(scale && { image_mean: each(scale.mean, channels), image_std: each(scale.std, channels) }),
  };
}

/** One number per channel. */
const each = (of: readonly number[], channels: number): readonly number[] =>
  Array.from({ length: channels }, (_, c) => of[c % of.length]);

/**
 * A preprocessor_config.json for a model that took the place of another: as it was, where it says what the new one records; else with
 * what that records.
 * @param before as it was parsed; undefined where there was none
 * @returns undefined where neither says anything of images
 */
export function preprocessorConfigFor(
  model: Model,
  before: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  wants("preprocessorConfigFor", ["model", aModel, model], ["before", maybe(anObject), before]);
  const now = preprocessorConfig(model);
  if (!now || !before) return now ? { ...now } : before;
  const channels = imagesFor(model).channels!;
  const [was, is] = [readOrNot(before), fromPreprocessorConfig(now)];
  const scale = (p: Preprocessing) => JSON.stringify(imageScale(p, channels));
  const sizes = ({ resize, crop, interpolation }: Preprocessing) =>
    JSON.stringify([resize, resize && interpolation, crop]);
  if (!was) return { ...now };
  const resized = imagesFor(model).preprocessing === undefined || sizes(was) === sizes(is);
  if (!resized) return { ...now };
  if (scale(was) === scale(is)) return before;
  const { do_rescale, rescale_factor, do_normalize, image_mean, image_std } = now;
  return { ...before, do_rescale, rescale_factor, do_normalize, image_mean, image_std };
}

/** What a config says, where that is something that can be followed. */
function readOrNot(config: Readonly<Record<string, unknown>>): Preprocessing | undefined {
  try {
    return fromPreprocessorConfig(config);
  } catch (e) {
    if (e instanceof EspalierError) return undefined; // the model says it of itself: what cannot be followed is replaced
    throw e;
  }
}
