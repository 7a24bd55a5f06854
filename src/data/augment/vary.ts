/**
 * Varies a batch of images. What is drawn for a sample depends on (seed, epoch, its position in the epoch) alone, and each kind draws
 * from a stream of its own: adding one changes nothing about the others.
 */
import { Random } from "../../math/random.ts";
import type { Augment, Drawn, Numbers } from "../split.ts";
import { cropAndFlip } from "./crop-flip.ts";
import { cutOut } from "./cutout.ts";
import { jitterColors } from "./jitter.ts";
import { randAugment } from "./policy.ts";
import { drawPart, stretchPart } from "./resized-crop.ts";

/** The stream that the part of a sample is drawn from, here or where the image is decoded. */
export const partStream = (seed: number, epoch: number, position: number): Random =>
  new Random(seed, "resizedCrop", epoch, position);

/**
 * @param x images `[n, C, H, W]`, in place
 * @param done what was done already where the images were read
 */
export function vary(
  x: Numbers,
  shape: readonly number[],
  augment: Augment,
  { seed, epoch, position }: Omit<Drawn, "augment">,
  done: readonly (keyof Augment)[] = [],
): void {
  if (shape.length !== 3) return; // of other samples nothing is varied one by one
  const [channels, height, width] = shape;
  const size = channels * height * width;
  const { crop, flip, colorJitter, cutout } = augment;
  const part = done.includes("randomResizedCrop") ? undefined : augment.randomResizedCrop;
  for (let start = 0, i = position; start < x.length; start += size, i++) {
    const image = x.subarray(start, start + size);
    if (part) stretchPart(image, shape, drawPart(width, height, part, partStream(seed, epoch, i)));
    if (crop || flip) cropAndFlip(image, shape, augment, new Random(seed, "augment", epoch, i));
    if (image instanceof Uint8Array) {
      if (augment.randAugment) randAugment(image, shape, augment.randAugment, new Random(seed, "policy", epoch, i));
      if (colorJitter) jitterColors(image, channels, colorJitter, new Random(seed, "colors", epoch, i));
    }
    if (cutout) cutOut(image, shape, cutout, new Random(seed, "cutout", epoch, i));
  }
}
