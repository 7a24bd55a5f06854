/** A random part of an image in the size of the whole (Szegedy et al. 2015), drawn as torchvision's RandomResizedCrop does. */
import type { Random } from "../../math/random.ts";
import type { Numbers } from "../split.ts";

/** A part of an image, in pixels. */
export interface ImagePart {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const RATIO = [3 / 4, 4 / 3] as const;
const TRIES = 10;

/**
 * Where the part lies: of a share of the area, uniform between two, and of a width by height between 3 : 4 and 4 : 3, uniform in its
 * logarithm. What does not fit ten times is the largest part in the middle.
 */
export function drawPart(
  width: number,
  height: number,
  [least, most]: readonly [number, number],
  random: Random,
): ImagePart {
  for (let i = 0; i < TRIES; i++) {
    const area = width * height * (least + (most - least) * random.uniform());
    const ratio = RATIO[0] * (RATIO[1] / RATIO[0]) ** random.uniform();
    const w = Math.round(Math.sqrt(area * ratio));
    const h = Math.round(Math.sqrt(area / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return { top: random.int(height - h + 1), left: random.int(width - w + 1), width: w, height: h };
  }
  const ratio = Math.min(RATIO[1], Math.max(RATIO[0], width / height));
  const w = Math.min(width, Math.max(1, Math.round(height * ratio)));
  const h = Math.min(height, Math.max(1, Math.round(width / ratio)));
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), width: w, height: h };
}

/** @param image `[C, H, W]`, in place: the part takes all of it, bilinearly */
export function stretchPart(image: Numbers, [channels, height, width]: readonly number[], part: ImagePart): void {
  const source = image.slice();
  const places = (n: number, start: number, length: number) =>
    Array.from({ length: n }, (_, i) => {
      const at = Math.min(length - 1, Math.max(0, ((i + 0.5) * length) / n - 0.5));
      const from = Math.floor(at);
      return { from: start + from, to: start + Math.min(length - 1, from + 1), share: at - from };
    });
  const [rows, columns] = [places(height, part.top, part.height), places(width, part.left, part.width)];
  const rounded = !(image instanceof Float32Array);
  for (let c = 0, at = 0; c < channels; c++)
    for (const row of rows) {
      const [upper, lower] = [(c * height + row.from) * width, (c * height + row.to) * width];
      for (const { from, to, share } of columns) {
        const above = source[upper + from] + (source[upper + to] - source[upper + from]) * share;
        const below = source[lower + from] + (source[lower + to] - source[lower + from]) * share;
        const value = above + (below - above) * row.share;
        image[at++] = rounded ? Math.round(value) : value;
      }
    }
}
