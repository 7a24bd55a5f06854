/** A square of raw zeros at a random place (DeVries & Taylor 2017): its centre is in the image, what sticks out is cut off. */
import type { Random } from "../../math/random.ts";
import type { Numbers } from "../split.ts";

/** @param image `[C, H, W]`, in place */
export function cutOut(
  image: Numbers,
  [channels, height, width]: readonly number[],
  side: number,
  random: Random,
): void {
  const top = random.int(height) - Math.floor(side / 2);
  const left = random.int(width) - Math.floor(side / 2);
  const [first, last] = [Math.max(0, left), Math.min(width, left + side)];
  for (let c = 0; c < channels; c++)
    for (let row = Math.max(0, top); row < Math.min(height, top + side); row++) {
      const start = (c * height + row) * width;
      image.fill(0, start + first, start + last);
    }
}
