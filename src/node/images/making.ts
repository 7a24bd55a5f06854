/** How the samples of a folder of images are made: as it is said, else as a look at some of the images suggests. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Encoding } from "../../data/encoding.ts";
import {
  type ImageSize,
  type ImagesWanted,
  outputSize,
  type Preprocessing,
  type PresetName,
  preprocessingText,
  preset,
} from "../../data/preprocessing.ts";
import { EspalierError, UsageError } from "../../error.ts";
import { option, say, type Words } from "../../message.ts";
import { type Header, readHeader, type SampleMaking } from "./decode.ts";
import { aFewAtATime } from "./few.ts";
import type { Listed } from "./parts.ts";
import { some } from "./parts.ts";

/** Options of a folder of images. */
export interface ImageOptions {
  /** What the model wants that they are for, as `imagesFor` has it. Default: colours, of the size that the images have, where it is one. */
  readonly images?: ImagesWanted;
  /** How images become samples. Default: what the model records, else stretched to the size that it wants, x / 255. */
  readonly preprocessing?: Preprocessing;
  /** The same by the name of a family of models. */
  readonly preset?: PresetName;
  /** Another size before the crop: of the shorter side, or a height and a width to stretch to. */
  readonly resize?: number | ImageSize;
  /** Another cut of the middle. */
  readonly crop?: number | ImageSize;
  /** Decode every image first, and leave out those that cannot be. Default false: the first such one ends the work, by its name. */
  readonly skipBroken?: boolean;
  /** Keep decoded images on disk: in this folder, or (true) in that of the data sets. Default false. */
  readonly cacheImages?: boolean | string;
  /** Share of the images drawn for testing, by seed 0, where there is no folder of them. Default 0.2. */
  readonly testSplit?: number;
  /** The names of the folders in the order of the classes. Default: as the model records, else in byte order. */
  readonly classes?: readonly string[];
  /** What the model that they are for records of its training data: its classes. */
  readonly encoding?: Encoding | null;
}

const LOOKED = 64;

/** Of some images, evenly spread; those that are broken are none of its business. */
export async function someHeaders({ folder, classes }: Listed): Promise<Header[]> {
  const files = classes.flatMap((c) => c.files);
  const n = Math.min(files.length, LOOKED);
  const headers: (Header | undefined)[] = [];
  await aFewAtATime(n, async (i) => {
    headers[i] = await readFile(join(folder, files[Math.floor((i * files.length) / n)]))
      .then(readHeader)
      .catch((error) => {
        if (error instanceof EspalierError && error.code === "missing") throw error;
        return undefined;
      });
  });
  return headers.filter((h) => h !== undefined);
}

/** What is done with images of a special kind, where there are such. */
export function lookNotes(headers: readonly Header[]): Words[] {
  const count = (test: (h: Header) => boolean) => headers.filter(test).length;
  const [alpha, moving] = [count((h) => h.alpha), count((h) => h.pictures > 1)];
  const of = `of ${headers.length} images looked at`;
  return [
    ...(alpha > 0 ? [`${of} ${alpha} may be transparent: what is transparent is laid on white`] : []),
    ...(moving > 0 ? [`${of} ${moving} hold several pictures: the first is taken`] : []),
  ];
}

/** How samples are made: as it is said, else as the model says, else stretched to its size, else as the images are. */
export function makingOf(
  path: string,
  options: ImageOptions,
  headers: readonly Header[],
): SampleMaking & { readonly notes: readonly Words[] } {
  const { images = {}, preset: family, resize, crop } = options;
  if (options.preprocessing && family !== undefined)
    throw new UsageError(
      "conflict",
      say`${option("preprocessing")} and ${option("preset")} say the same thing`,
      {},
      "give one of them",
    );
  const said = options.preprocessing ?? (family === undefined ? images.preprocessing : undefined);
  const changed = resize !== undefined || crop !== undefined;
  const whole = (): Preprocessing => said ?? preset(family ?? "none", sizeFor(path, options, headers));
  const preprocessing = changed ? changedBy(whole(), options) : whole();
  const { channels = 3, size } = images;
  const made = outputSize(preprocessing);
  if (size && size.join() !== made.join())
    throw new UsageError(
      "mismatch",
      "the preprocessing makes images of another size than the model wants",
      { got: `${made.join(" × ")}: ${preprocessingText(preprocessing)}`, wanted: size.join(" × ") },
      say`give ${option("resize")} and ${option("crop")} that end in that size`,
    );
  if (said || family !== undefined || changed)
    return { preprocessing, channels, notes: [`images: ${preprocessingText(preprocessing)}`] };
  const sizes = new Set(headers.map(sizeText));
  const same = sizes.size === 1 && sizes.has(made.join(" × "));
  const how = same ? "taken as they are" : preprocessingText(preprocessing);
  const note = say`images are ${how}, x / 255, as nothing says another way: ${option("preset")}, ${option("resize")}, ${option("crop")}`;
  return { preprocessing, channels, notes: [note] };
}

const sizeText = ({ width, height }: Header): string => `${height} × ${width}`;
const both = (of: number | ImageSize): ImageSize => (typeof of === "number" ? [of, of] : of);

/** The size of the samples: the model's, else what is said, else that of the images. */
function sizeFor(path: string, { images, resize, crop }: ImageOptions, headers: readonly Header[]): ImageSize {
  if (images?.size) return images.size;
  if (crop !== undefined) return both(crop);
  if (resize !== undefined) return both(resize);
  const sizes = [...new Set(headers.map(sizeText))];
  if (sizes.length === 1) return [headers[0].height, headers[0].width];
  throw new UsageError(
    "missing",
    "the images differ in size, and it is not said which size they shall have",
    { folder: path, got: some(sizes) || "no image that can be read" },
    say`name the model that they are for, or give ${option("resize")}: a height and a width`,
  );
}

function changedBy(p: Preprocessing, { images, resize, crop }: ImageOptions): Preprocessing {
  const to = resize === undefined ? p.resize : typeof resize === "number" ? { shortest: resize } : { exact: resize };
  const { crop: before, ...rest } = p;
  const size = images?.size ?? (typeof resize === "number" ? both(resize) : undefined);
  const cut = crop !== undefined ? both(crop) : to && "exact" in to ? undefined : (before ?? size);
  return { ...rest, resize: to, ...(cut && { crop: cut }) };
}
