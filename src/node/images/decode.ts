/**
 * Bytes of an image file → one sample. The image is turned as its EXIF data says, colours become sRGB of 8 bits, what is transparent
 * is laid on white, of an animation the first picture is taken. It is resized while it is decoded, row by row, so that a large image
 * takes little memory.
 */
import type { Metadata } from "sharp";
import { type ImageSize, type Interpolation, outputSize, type Preprocessing } from "../../data/preprocessing.ts";
import { EspalierError } from "../../error.ts";
import { option, say } from "../../message.ts";
import { enlarged } from "./enlarge.ts";
import { type Extent, middle, type Region, resized } from "./place.ts";
import { sharp } from "./sharp.ts";

/** An image of more pixels is refused: a file of some bytes can say that it is of any size. */
const MOST_PIXELS = 2 ** 30;
/** Of those that cannot be decoded row by row: interlaced and progressive ones, and such as are to be turned. */
const MOST_AT_ONCE = 2 ** 28;

const FORMATS: readonly (string | undefined)[] = ["jpeg", "png", "webp", "gif", "tiff", "heif"];

/** Kernels by their names in sharp; each is that of Pillow's filter of our name. */
const KERNELS = {
  nearest: "nearest",
  bilinear: "linear",
  bicubic: "cubic",
  lanczos: "lanczos3",
} as const satisfies Record<Interpolation, string>;

/** How samples are made of images. */
export interface SampleMaking {
  readonly preprocessing: Preprocessing;
  /** 3: red, green, blue. 1: grey, as Pillow's "L". */
  readonly channels: 1 | 3;
}

/** What an image file says of itself. */
export interface Header extends Extent {
  /** Some of it is transparent, or may be. */
  readonly alpha: boolean;
  /** Pictures in it. */
  readonly pictures: number;
  readonly grey: boolean;
}

const options = { failOn: "error", limitInputPixels: MOST_PIXELS, sequentialRead: true, autoOrient: true } as const;

/**
 * @param bytes of a file
 * @throws EspalierError when it is no image of a kind that is read, or too large
 */
export async function readHeader(bytes: Uint8Array): Promise<Header> {
  return headerOf(await (await sharp())(bytes, options).metadata());
}

function headerOf({ format, autoOrient, hasAlpha, pages, isProgressive, orientation, space }: Metadata): Header {
  const { width, height } = autoOrient;
  if (!FORMATS.includes(format))
    throw new EspalierError("unsupported", "the image is of a kind that is not read", {
      got: format,
      wanted: "JPEG, PNG, WebP, GIF, TIFF or AVIF",
    });
  const atOnce = isProgressive || (orientation ?? 1) > 1;
  const most = atOnce ? MOST_AT_ONCE : MOST_PIXELS;
  if (width * height > most)
    throw new EspalierError("too-large", "the image has too many pixels", {
      got: `${width} × ${height}`,
      wanted: `at most ${most}${atOnce ? ", as it cannot be decoded row by row" : ""}`,
    });
  return { width, height, alpha: hasAlpha, pictures: pages ?? 1, grey: space === "b-w" || space === "grey16" };
}

/**
 * One sample `[channels, height, width]`.
 * @param bytes of a file
 * @param region which part of the image, by its size, in the place of what the preprocessing cuts; it is resized to the sample's size
 * @throws EspalierError, Error when it cannot be decoded
 */
export async function decodeImage(
  bytes: Uint8Array,
  { preprocessing, channels }: SampleMaking,
  region?: (of: Extent) => Region,
): Promise<Uint8Array> {
  const [height, width] = outputSize(preprocessing);
  let image = (await sharp())(bytes, options);
  const header = headerOf(await image.metadata());
  image = image.toColourspace("srgb");
  if (header.alpha) image = image.flatten({ background: "#fff" });
  const part = region?.(header);
  if (part) image = image.extract(part);
  const to = part ? { width, height } : resized(preprocessing, header);
  const from = part ?? header;
  const smaller = { width: Math.min(from.width, to.width), height: Math.min(from.height, to.height) };
  if (smaller.width !== from.width || smaller.height !== from.height)
    image = image.resize(smaller.width, smaller.height, {
      fit: "fill",
      kernel: KERNELS[preprocessing.interpolation],
      fastShrinkOnLoad: false,
    });
  const larger = smaller.width < to.width || smaller.height < to.height;
  const taken = to.width === width && to.height === height ? undefined : cut(to, preprocessing, [height, width]);
  if (taken && !larger) image = image.extract(taken);
  const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  if (![1, 3].includes(info.channels))
    throw new EspalierError("unsupported", "the image has other channels than colours", { got: info.channels });
  if (!larger) return planes(data, info.channels, channels);
  const whole = enlarged(data, smaller, to, preprocessing.interpolation);
  return planes(taken ? within(whole, to, taken, info.channels) : whole, info.channels, channels);
}

function cut(from: Extent, { crop }: Preprocessing, size: ImageSize): Region {
  const found = crop && middle(from, size);
  if (found) return found;
  throw new EspalierError(
    "mismatch",
    "the image is smaller than what is cut out of it",
    { got: `${from.height} × ${from.width}`, wanted: `at least ${size[0]} × ${size[1]}` },
    say`resize it: ${option("resize")}`,
  );
}

/** A part of an image `[height, width, channels]`. */
function within(pixels: Uint8Array, of: Extent, { left, top, width, height }: Region, channels: number): Uint8Array {
  const out = new Uint8Array(height * width * channels);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * of.width + left) * channels;
    out.set(pixels.subarray(start, start + width * channels), row * width * channels);
  }
  return out;
}

/** Pixel after pixel → channel after channel. */
function planes(pixels: Uint8Array, has: number, channels: 1 | 3): Uint8Array {
  const n = pixels.length / has;
  const out = new Uint8Array(channels * n);
  if (has === 1) {
    for (let c = 0; c < channels; c++) out.set(pixels, c * n);
    return out;
  }
  if (channels === 1) {
    // ITU-R 601 luma in 16 bits, as Pillow
    for (let i = 0, at = 0; i < n; i++, at += 3)
      out[i] = (pixels[at] * 19595 + pixels[at + 1] * 38470 + pixels[at + 2] * 7471 + 0x8000) >> 16;
    return out;
  }
  for (let i = 0, at = 0; i < n; i++, at += 3) {
    out[i] = pixels[at];
    out[n + i] = pixels[at + 1];
    out[2 * n + i] = pixels[at + 2];
  }
  return out;
}
