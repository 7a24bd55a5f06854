/** Whether samples can be varied as it is asked. */
import { isInteger } from "../../checks.ts";
import type { Augment, Split } from "../split.ts";
import { jitterStrengths } from "./jitter.ts";
import { MOST_MAGNITUDE } from "./policy.ts";

const isShare = (x: unknown): x is number => typeof x === "number" && x > 0 && x <= 1;

/** @param wrong throws the error that names the field */
export function checkAugment(
  { x, y, more, count }: Split,
  shape: readonly number[],
  augment: Augment,
  wrong: (field: string, got: unknown, wanted: string) => never,
): void {
  const { mixup, ...ofImages } = augment;
  if (mixup !== undefined) {
    if (!(typeof mixup === "number" && mixup > 0 && mixup <= 1e6)) wrong("augment.mixup", mixup, "α, a number above 0");
    if (x instanceof Int32Array)
      wrong("augment.mixup", "samples of whole numbers", "bytes or floats: tokens cannot be blended");
    if (more) wrong("augment.mixup", `further columns: ${Object.keys(more).join(", ")}`, "one input and one label");
    if (y instanceof Int32Array && y.length !== count) wrong("augment.mixup", "a class for each place", "one a sample");
    if (Object.values(ofImages).every((v) => v === undefined)) return;
  }
  if (shape.length !== 3) wrong("augment", `samples of shape [${shape}]`, "images [C, H, W]");
  const { crop = 0, cutout = 0, colorJitter, randomResizedCrop: part, randAugment } = augment;
  const most = Math.max(shape[1], shape[2]);
  if (!isInteger(crop, 0) || crop > most) wrong("augment.crop", crop, `0 … ${most}, the size of the image`);
  if (!isInteger(cutout, 0) || cutout > 2 * most)
    wrong("augment.cutout", cutout, `0 … ${2 * most}, twice the size of the image`);
  if (part && !(Array.isArray(part) && part.length === 2 && part.every(isShare) && part[0] <= part[1]))
    wrong("augment.randomResizedCrop", part, "the least and the largest share of the area, in (0, 1]");
  if (colorJitter === undefined && randAugment === undefined) return;
  if (!(x instanceof Uint8Array) || ![1, 3].includes(shape[0]))
    wrong("augment", `${x.constructor.name} of shape [${shape}]`, "bytes of one or three colours, to change colours");
  for (const [name, s] of Object.entries(jitterStrengths(colorJitter ?? 0))) {
    const limit = name === "hue" ? 0.5 : 1;
    if (!["brightness", "contrast", "saturation", "hue"].includes(name) || !(s >= 0 && s <= limit))
      wrong(`augment.colorJitter.${name}`, s, `brightness, contrast, saturation 0 … 1, hue 0 … 0.5`);
  }
  if (randAugment && !(isInteger(randAugment.operations, 1) && randAugment.operations <= 14))
    wrong("augment.randAugment.operations", randAugment.operations, "an integer 1 … 14");
  if (randAugment && !(randAugment.magnitude >= 0 && randAugment.magnitude <= MOST_MAGNITUDE))
    wrong("augment.randAugment.magnitude", randAugment.magnitude, `a number 0 … ${MOST_MAGNITUDE}`);
}
