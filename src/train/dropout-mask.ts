/** Dropout masks. They come from the counter generator and not from the graph, which would hide a state from a resume. */
import { size, tensor } from "../graph/tensor.ts";
import type { Tensor } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import type { Moment } from "../optim/schedule.ts";
import { cutTensor } from "../shrink/cut.ts";
import type { Mask } from "../step/training-forms.ts";
import type { BatchPart } from "./parts.ts";

/**
 * A mask for a part of a batch, from (seed, epoch, step), the mask's place in the network and the part's place in the batch alone:
 * where samples are the first axis, the parts' masks are those of the whole.
 */
export function drawMask(
  mask: Mask,
  index: number,
  { count, from }: Pick<BatchPart, "count" | "from">,
  now: Moment,
  seed: number,
): Tensor {
  const random = new Random(seed, "dropout", now.epoch, now.step * 4096 + index);
  const threshold = Math.round(mask.ratio * 0x100000000);
  const data = new Uint8Array(size(mask.shape));
  random.skip(Math.floor((from * data.length) / count));
  for (let i = 0; i < data.length; i++) data[i] = random.uint32() >= threshold ? 1 : 0;
  return tensor("uint8", mask.shape, data);
}

/** A mask of a network that lost channels: its place among all masks, and of each axis that lost some, 1 for those that are left. */
export interface PartialMask {
  readonly place: number;
  readonly left: readonly (Uint8Array | undefined)[];
}

/** The same for what is left of a network, drawn as for the whole. */
export function drawPartOf(
  mask: Mask,
  { place, left }: PartialMask,
  part: Pick<BatchPart, "count" | "from">,
  now: Moment,
  seed: number,
): Tensor {
  const shape = mask.shape.map((d, axis) => left[axis]?.length ?? d);
  return cutTensor(drawMask({ ...mask, shape }, place, part, now, seed), left);
}
