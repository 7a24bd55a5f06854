/**
 * RandAugment (Cubuk et al. 2020): some operations of a list, each drawn with equal chance, all of one magnitude 0 … 30. Operations and
 * what a magnitude means are torchvision's; pixels that come from outside of the image are black.
 */
import type { Random } from "../../math/random.ts";
import { blend, brightness, contrast, saturation } from "./colors.ts";

/** Largest magnitude. */
export const MOST_MAGNITUDE = 30;

interface Picture {
  readonly image: Uint8Array;
  readonly shape: readonly number[];
  /** In [0, 1]. */
  readonly strength: number;
  /** −1 or 1, drawn. */
  readonly sign: number;
}

/** Moves pixels: where each comes from, by its column and row. The nearest one is taken. */
function moved(
  { image, shape: [channels, height, width] }: Picture,
  from: (x: number, y: number) => [number, number],
): void {
  const source = image.slice();
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [u, v] = from(x + 0.5, y + 0.5).map(Math.floor);
      const inside = u >= 0 && u < width && v >= 0 && v < height;
      for (let c = 0; c < channels; c++)
        image[(c * height + y) * width + x] = inside ? source[(c * height + v) * width + u] : 0;
    }
}

const turned = (picture: Picture): void => {
  const [, height, width] = picture.shape;
  const angle = (picture.sign * picture.strength * 30 * Math.PI) / 180;
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  moved(picture, (x, y) => {
    const [dx, dy] = [x - width / 2, y - height / 2];
    return [width / 2 + cos * dx + sin * dy, height / 2 - sin * dx + cos * dy];
  });
};

const factor = ({ strength, sign }: Picture): number => 1 + sign * strength * 0.9;
const mapped = (image: Uint8Array, to: (v: number) => number): void => {
  const table = Uint8Array.from({ length: 256 }, (_, v) => to(v));
  for (let i = 0; i < image.length; i++) image[i] = table[image[i]];
};
const perChannel = ({ image, shape: [channels] }: Picture, work: (plane: Uint8Array) => void): void => {
  const size = image.length / channels;
  for (let c = 0; c < channels; c++) work(image.subarray(c * size, (c + 1) * size));
};

/** Spreads the values of a channel over 0 … 255. */
function spread(plane: Uint8Array): void {
  const [least, most] = plane.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [255, 0]);
  if (most > least) mapped(plane, (v) => Math.min(255, Math.max(0, Math.floor((v - least) * (255 / (most - least))))));
}

/** Makes all values of a channel equally frequent, as Pillow's ImageOps.equalize. */
function equalized(plane: Uint8Array): void {
  const counts = new Array<number>(256).fill(0);
  for (const v of plane) counts[v]++;
  const last = counts.findLast((n) => n > 0) ?? 0;
  const step = Math.floor((plane.length - last) / 255);
  if (step === 0) return;
  let sum = Math.floor(step / 2);
  const table = counts.map((n) => {
    const value = Math.min(255, Math.floor(sum / step));
    sum += n;
    return value;
  });
  mapped(plane, (v) => table[v]);
}

/** Blends with a smoothed picture, whose border is the picture's own. */
function sharpened({ image, shape: [channels, height, width], ...rest }: Picture): void {
  const smooth = image.slice();
  for (let c = 0; c < channels; c++)
    for (let y = 1; y < height - 1; y++)
      for (let x = 1; x < width - 1; x++) {
        const at = (c * height + y) * width + x;
        let sum = 4 * image[at];
        for (const dy of [-width, 0, width]) sum += image[at + dy - 1] + image[at + dy] + image[at + dy + 1];
        smooth[at] = Math.round(sum / 13);
      }
  blend(image, factor({ image, shape: [], ...rest }), (i) => smooth[i]);
}

const OPERATIONS: readonly ((picture: Picture) => void)[] = [
  () => {},
  (p) => moved(p, (x, y) => [x + p.sign * p.strength * 0.3 * y, y]),
  (p) => moved(p, (x, y) => [x, y + p.sign * p.strength * 0.3 * x]),
  (p) => moved(p, (x, y) => [x - Math.trunc(p.sign * p.strength * (150 / 331) * p.shape[2]), y]),
  (p) => moved(p, (x, y) => [x, y - Math.trunc(p.sign * p.strength * (150 / 331) * p.shape[1])]),
  turned,
  (p) => brightness(p.image, p.shape[0], factor(p)),
  (p) => saturation(p.image, p.shape[0], factor(p)),
  (p) => contrast(p.image, p.shape[0], factor(p)),
  sharpened,
  ({ image, strength }) => {
    const bits = 8 - Math.round(strength * 4);
    mapped(image, (v) => v & (0xff << (8 - bits)));
  },
  ({ image, strength }) => mapped(image, (v) => (v >= 255 * (1 - strength) ? 255 - v : v)),
  (p) => perChannel(p, spread),
  (p) => perChannel(p, equalized),
];

/** @param image `[C, H, W]`, in place */
export function randAugment(
  image: Uint8Array,
  shape: readonly number[],
  { operations, magnitude }: { readonly operations: number; readonly magnitude: number },
  random: Random,
): void {
  for (let i = 0; i < operations; i++) {
    const operation = OPERATIONS[random.int(OPERATIONS.length)];
    const sign = random.int(2) === 1 ? -1 : 1;
    operation({ image, shape, strength: magnitude / MOST_MAGNITUDE, sign });
  }
}
