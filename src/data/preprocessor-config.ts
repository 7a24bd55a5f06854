/** Hugging Face's preprocessor_config.json: what its image processors do, as data. Meanings of fields follow transformers 4 and 5. */

import { EspalierError } from "../error.ts";
import { anObject, wants } from "../given.ts";
import { checkPreprocessing, type ImageSize, type Interpolation, type Preprocessing } from "./preprocessing.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Pillow's numbers. */
const RESAMPLE: Readonly<Record<number, Interpolation>> = { 0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic" };

/** What a family of processors does where the file does not say it. */
interface Family {
  readonly type: RegExp;
  /** A size of one number is that of the shorter side, not of both. */
  readonly shortest?: boolean;
  /** The share of the resized image that is kept when it is small, from `crop_pct`. */
  readonly cropShare?: number;
  readonly resample: Interpolation;
  readonly crops?: boolean;
}

/** The first whose name fits; the last is what the others have in common. */
const FAMILIES: readonly Family[] = [
  { type: /^CLIP|^ChineseCLIP|^Blip2?$/i, shortest: true, resample: "bicubic", crops: true },
  { type: /^ConvNext/i, shortest: true, cropShare: 224 / 256, resample: "bilinear" },
  { type: /^(MobileNetV[12]|MobileViT|Bit|PoolFormer|VideoMAE)/i, shortest: true, resample: "bilinear", crops: true },
  { type: /^Deit/i, resample: "bicubic", crops: true },
  { type: /^(Siglip|EfficientNet)/i, resample: "bicubic" },
  { type: /./, resample: "bilinear" },
];

/**
 * The preprocessing that a preprocessor_config.json describes: those of ViT, DeiT, SigLIP, ConvNeXT, CLIP, MobileNet and whoever writes
 * the same fields.
 * @param json what `JSON.parse` gave
 * @throws EspalierError naming the field that is missing, not valid or does something else
 */
export function fromPreprocessorConfig(json: unknown): Preprocessing {
  wants("fromPreprocessorConfig", ["json", anObject, json]);
  const config = json as Fields;
  const type = String(config["image_processor_type"] ?? config["feature_extractor_type"] ?? "unknown");
  const family = FAMILIES.find((f) => f.type.test(type))!;
  const crops = flag(config, "do_center_crop", family.crops ?? false);
  const size = flag(config, "do_resize", true) ? readSize(config, family) : undefined;
  const share = typeof config["crop_pct"] === "number" ? config["crop_pct"] : family.cropShare;
  const cut = crops ? cropOf(config) : undefined;
  const rescales = flag(config, "do_rescale", true);
  const normalizes = flag(config, "do_normalize", true);
  const result: Preprocessing = {
    ...placed(size, cut, share),
    interpolation: resampleOf(config, family),
    ...(rescales
      ? { ...(config["rescale_factor"] !== undefined && { rescale: number(config, "rescale_factor") }) }
      : { rescale: 1 }),
    ...(normalizes && { mean: list(config, "image_mean"), std: list(config, "image_std") }),
  };
  checkPreprocessing(result);
  return result;
}

type Size = { readonly exact: ImageSize } | { readonly shortest: number };

/** ConvNeXT resizes images below 384 to more than it keeps, larger ones by stretching. */
function placed(
  size: Size | undefined,
  crop: ImageSize | undefined,
  share: number | undefined,
): Pick<Preprocessing, "resize" | "crop"> {
  if (share !== undefined && size && "shortest" in size && !crop) {
    const { shortest } = size;
    if (shortest >= 384) return { resize: { exact: [shortest, shortest] } };
    return { resize: { shortest: Math.floor(shortest / share) }, crop: [shortest, shortest] };
  }
  return { resize: size ?? null, ...(crop && { crop }) };
}

const wrong = (field: string, got: unknown, wanted: string): never => {
  throw new EspalierError("unsupported", "the preprocessor_config.json asks for what cannot be done", {
    field,
    got: got === undefined ? "nothing" : JSON.stringify(got),
    wanted,
  });
};

function flag(config: Fields, key: string, otherwise: boolean): boolean {
  const value = config[key] ?? otherwise;
  return typeof value === "boolean" ? value : wrong(key, value, "true or false");
}

function number(config: Fields, key: string): number {
  const value = config[key];
  return typeof value === "number" ? value : wrong(key, value, "a number");
}

function list(config: Fields, key: string): number[] {
  const value = config[key];
  if (typeof value === "number") return [value, value, value];
  return Array.isArray(value) && value.every((v) => typeof v === "number")
    ? value
    : wrong(key, value, "a number per channel");
}

function resampleOf(config: Fields, { resample }: Family): Interpolation {
  const value = config["resample"];
  if (value === undefined || value === null) return resample;
  return RESAMPLE[value as number] ?? wrong("resample", value, "0 (nearest), 1 (lanczos), 2 (bilinear) or 3 (bicubic)");
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) > 0;

function readSize(config: Fields, { shortest = false }: Family): Size {
  const size = config["size"];
  if (isCount(size)) return shortest ? { shortest: size } : { exact: [size, size] };
  const { height, width, shortest_edge, longest_edge } = (size ?? {}) as Fields;
  if (isCount(height) && isCount(width)) return { exact: [height, width] };
  if (isCount(shortest_edge) && longest_edge === undefined) return { shortest: shortest_edge };
  return wrong("size", size, "a number, { height, width } or { shortest_edge }");
}

function cropOf(config: Fields): ImageSize {
  const crop = config["crop_size"] ?? config["size"];
  if (isCount(crop)) return [crop, crop];
  const { height, width, shortest_edge } = (crop ?? {}) as Fields;
  if (isCount(height) && isCount(width)) return [height, width];
  return isCount(shortest_edge)
    ? [shortest_edge, shortest_edge]
    : wrong("crop_size", crop, "a number or { height, width }");
}
