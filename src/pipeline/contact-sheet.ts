/** Training samples as a run sees them: after augmentation, with the names of their classes. */
import { checkInteger } from "../checks.ts";
import { MIXED } from "../data/augment/mixup.ts";
import { batches } from "../data/batches.ts";
import { checkDataset } from "../data/check.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Augment, Numbers, Split } from "../data/split.ts";
import { UsageError } from "../error.ts";
import { aDataset, anObject, maybe, orNull, wants } from "../given.ts";
import { type Sheet, sheetHtml } from "../report/contact-sheet.ts";

/** Options of `contactSheet`. */
export interface ContactSheetOptions {
  /** How many images, from the start of an epoch. Default 64. */
  readonly count?: number;
  /** As for `train`: default that of the data set, null = none. */
  readonly augment?: Augment | null;
  /** Of order and augmentation, as for `train`. Default 1. */
  readonly seed?: number;
  /** 0-based. Default 0. */
  readonly epoch?: number;
}

/**
 * The first images of an epoch as `train` would feed them with the same seed, batch after batch, before they are normalized: one HTML
 * file that loads nothing.
 * @returns the document
 * @throws UsageError when the samples are no images `[C, H, W]` of one or three channels; EspalierError for an image that cannot be read
 */
export const contactSheet = async (data: Dataset, options: ContactSheetOptions = {}): Promise<string> =>
  sheetHtml(data?.name, await sheetFor("contactSheet", data, options));

/** @param who the public function that was called */
export async function sheetFor(who: string, data: Dataset, options: ContactSheetOptions): Promise<Sheet> {
  wants(
    who,
    ["data", aDataset, data],
    ["options", anObject, options],
    ["augment", orNull(anObject), options, "augment"],
    ["seed", maybe({ wanted: "an integer", holds: Number.isSafeInteger }), options, "seed"],
  );
  checkDataset(data);
  const { count = 64, seed = 1, epoch = 0 } = options;
  checkInteger("count", count, 1);
  checkInteger("epoch", epoch, 0);
  const { shape, train, name, classNames, classes } = data;
  const nameOf = (label: number): string => classNames?.[label] ?? `class ${label}`;
  if (shape.length !== 3 || ![1, 3].includes(shape[0]))
    throw new UsageError("mismatch", "a contact sheet shows images alone", {
      got: `samples of shape [${shape}]`,
      wanted: "[1, height, width] or [3, height, width]",
    });
  const augment = options.augment === null ? undefined : (options.augment ?? data.augment);
  const n = Math.min(count, train.count);
  for await (const { x, y, more } of batches(train, { shape, batchSize: n, seed, epoch, augment })) {
    const size = x.length / n;
    const each = y.length / n;
    const label = (i: number): string =>
      classes === null || each !== 1
        ? [...y.subarray(i * each, (i + 1) * each)].slice(0, 8).join(" ")
        : blended(i, y[i], more, nameOf);
    const images = Array.from({ length: n }, (_, i) => ({
      name: label(i),
      pixels: asBytes(x.subarray(i * size, (i + 1) * size)),
    }));
    const how = augment ? "varied as in training" : "as they are, without augmentation";
    return {
      lead: `${n} of ${train.count} training images of [${shape}], ${how}.`,
      shape,
      images,
    };
  }
  throw new UsageError("missing", "there are no training images", { data: name });
}

/** The name of a class; of a sample that mixup made "cat 70 %, dog 30 %". */
function blended(i: number, label: number, more: Split["more"], nameOf: (label: number) => string): string {
  const [share, partner] = [more?.[MIXED.share]?.[i], more?.[MIXED.partner]?.[i]];
  if (share === undefined || partner === undefined) return nameOf(label);
  const percent = Math.round(100 * share);
  return `${nameOf(label)} ${percent} %, ${nameOf(partner)} ${100 - percent} %`;
}

/** Bytes as they are; other numbers from their least to their largest. */
function asBytes(image: Numbers): Uint8Array {
  if (image instanceof Uint8Array) return image;
  let [least, most] = [Infinity, -Infinity];
  for (const v of image) [least, most] = [Math.min(least, v), Math.max(most, v)];
  return Uint8Array.from(image, (v) => Math.round((255 * (v - least)) / (most - least || 1)));
}
