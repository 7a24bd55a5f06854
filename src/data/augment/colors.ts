/** Colours of images of 8 bits, `[C, H, W]` in place, with the arithmetic of torchvision on tensors: results are cut off, not rounded. */

type Image = Uint8Array;

const limited = (x: number): number => (x <= 0 ? 0 : x >= 255 ? 255 : Math.floor(x));

/** Luma of each pixel; of grey images the image. */
function luma(image: Image, channels: number): Image {
  if (channels === 1) return image.slice();
  const n = image.length / 3;
  const grey = new Uint8Array(n);
  for (let i = 0; i < n; i++) grey[i] = 0.2989 * image[i] + 0.587 * image[n + i] + 0.114 * image[2 * n + i]; // cut off
  return grey;
}

/** factor · image + (1 − factor) · other */
export function blend(image: Image, factor: number, other: (at: number) => number): void {
  for (let i = 0; i < image.length; i++) image[i] = limited(factor * image[i] + (1 - factor) * other(i));
}

/** The same with one number for all pixels: there are 256 values alone. */
function blendWith(image: Image, factor: number, other: number): void {
  const table = Uint8Array.from({ length: 256 }, (_, v) => limited(factor * v + (1 - factor) * other));
  for (let i = 0; i < image.length; i++) image[i] = table[image[i]];
}

export const brightness = (image: Image, _: number, factor: number): void => blendWith(image, factor, 0);

export function contrast(image: Image, channels: number, factor: number): void {
  const grey = luma(image, channels);
  const mean = grey.reduce((a, b) => a + b, 0) / grey.length;
  blendWith(image, factor, mean);
}

export function saturation(image: Image, channels: number, factor: number): void {
  if (channels === 1) return;
  const grey = luma(image, channels);
  for (let start = 0; start < image.length; start += grey.length)
    for (let i = 0; i < grey.length; i++)
      image[start + i] = limited(factor * image[start + i] + (1 - factor) * grey[i]);
}

/** Turns the hue by `turn` of the whole circle, in [−0.5, 0.5]. */
export function hue(image: Image, channels: number, turn: number): void {
  if (channels === 1) return;
  const n = image.length / 3;
  for (let i = 0; i < n; i++) {
    const [r, g, b] = [image[i], image[n + i], image[2 * n + i]];
    const most = Math.max(r, g, b);
    const range = most - Math.min(r, g, b);
    if (range === 0) continue;
    const sixth = most === r ? (g - b) / range : most === g ? 2 + (b - r) / range : 4 + (r - g) / range;
    const turned = (((sixth / 6 + turn) % 1) + 1) % 1;
    // Each channel as a function of the hue: the largest value less the range times how far it is from there.
    const channel = (shift: number): number => {
      const k = (shift + turned * 6) % 6;
      return limited(most - range * Math.max(0, Math.min(k, 4 - k, 1)) + 1e-6);
    };
    [image[i], image[n + i], image[2 * n + i]] = [channel(5), channel(3), channel(1)];
  }
}
