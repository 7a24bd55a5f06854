/** Where in an image the pixels of a sample come from: arithmetic alone. Rounding follows torchvision. */
import type { Preprocessing } from "../../data/preprocessing.ts";

export interface Extent {
  readonly width: number;
  readonly height: number;
}

export interface Region extends Extent {
  readonly left: number;
  readonly top: number;
}

/** Half to even, as Python rounds. */
const round = (x: number): number => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

/** The size that an image is resized to, before the crop. */
export function resized({ resize }: Preprocessing, { width, height }: Extent): Extent {
  if (resize === null) return { width, height };
  if ("exact" in resize) return { height: resize.exact[0], width: resize.exact[1] };
  const { shortest } = resize;
  return width <= height
    ? { width: shortest, height: Math.max(shortest, Math.trunc((shortest * height) / width)) }
    : { height: shortest, width: Math.max(shortest, Math.trunc((shortest * width) / height)) };
}

/** The middle of an image; undefined when it is smaller. */
export function middle(of: Extent, [height, width]: readonly [number, number]): Region | undefined {
  if (height > of.height || width > of.width) return undefined;
  return { left: round((of.width - width) / 2), top: round((of.height - height) / 2), width, height };
}
