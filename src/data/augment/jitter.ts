/** Brightness, contrast, saturation and hue by random factors, in random order (torchvision's ColorJitter). */
import type { Random } from "../../math/random.ts";
import type { ColorJitter } from "../split.ts";
import { brightness, contrast, hue, saturation } from "./colors.ts";

const KINDS = { brightness, contrast, saturation, hue } as const;
const NAMES = Object.keys(KINDS) as (keyof typeof KINDS)[];

/** Strengths by name. One number is that of the first three. */
export const jitterStrengths = (jitter: number | ColorJitter): ColorJitter =>
  typeof jitter === "number" ? { brightness: jitter, contrast: jitter, saturation: jitter } : jitter;

/** @param image `[C, H, W]`, in place */
export function jitterColors(image: Uint8Array, channels: number, jitter: number | ColorJitter, random: Random): void {
  const by = jitterStrengths(jitter);
  for (const at of random.permutation(NAMES.length)) {
    const name = NAMES[at];
    const strength = by[name] ?? 0;
    const drawn = (2 * random.uniform() - 1) * strength;
    if (strength > 0) KINDS[name](image, channels, name === "hue" ? drawn : Math.max(0, 1 + drawn));
  }
}
