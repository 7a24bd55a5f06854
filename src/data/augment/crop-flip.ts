/** A random cut of the image padded with raw zeros (as torchvision, which pads before it normalizes), and a mirror image half of the time. */
import type { Random } from "../../math/random.ts";
import type { Augment, Numbers } from "../split.ts";

/** @param image `[C, H, W]`, in place */
export function cropAndFlip(
  image: Numbers,
  [channels, height, width]: readonly number[],
  { crop = 0, flip = false }: Augment,
  random: Random,
): void {
  const dy = crop ? random.int(2 * crop + 1) - crop : 0;
  const dx = crop ? random.int(2 * crop + 1) - crop : 0;
  const mirror = flip && random.int(2) === 1;
  if (dy === 0 && dx === 0 && !mirror) return;
  const source = image.slice();
  for (let c = 0, at = 0; c < channels; c++)
    for (let row = 0; row < height; row++) {
      const inside = row + dy >= 0 && row + dy < height;
      const base = (c * height + row + dy) * width;
      for (let column = 0; column < width; column++, at++) {
        const from = (mirror ? width - 1 - column : column) + dx;
        image[at] = inside && from >= 0 && from < width ? source[base + from] : 0;
      }
    }
}
