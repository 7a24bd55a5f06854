/**
 * Groups of blocks: r outputs × c inputs of a weight's matrix, with all kernel positions of a convolution. Where blocks do not
 * divide a weight, those at its end are smaller: the weight is padded by zeros, which add nothing to a norm.
 */
import { size } from "../graph/tensor.ts";
import type { Shape } from "../graph/types.ts";
import type { Member } from "./group-set.ts";
import { rootView, type WeightUse } from "./weights.ts";

/** Blocks of a weight, numbered along its axes as they are stored. */
export type Blocks = Pick<Member, "view" | "axes" | "pad"> & { readonly sizes: Float64Array };

/** The blocks of a weight; a grouped convolution has those of each of its groups. Undefined where no view of the tensor has them. */
export function blocksOf(use: WeightUse, [rows, columns]: readonly [number, number]): Blocks | undefined {
  const at = placeOf(use);
  if (!at) return undefined;
  const lengths = new Map([...(at.input === undefined ? [] : [[at.input, columns] as const]), [at.output, rows]]);
  const to: number[] = [];
  const view: number[] = [];
  const axes: number[] = [];
  let sizes = [1];
  at.view.forEach((n, axis) => {
    const whole = lengths.get(axis) ?? (at.apart.includes(axis) ? 1 : undefined);
    if (whole === undefined) {
      to.push(n);
      view.push(n);
      sizes = sizes.map((s) => s * n);
      return;
    }
    const length = Math.min(whole, n);
    const count = Math.ceil(n / length);
    to.push(count * length);
    axes.push(view.length);
    view.push(count, length);
    const each = Array.from({ length: count }, (_, i) => Math.min(length, n - i * length));
    sizes = sizes.flatMap((s) => each.map((e) => s * e));
  });
  const ragged = size(to) !== size(at.view);
  return { view, axes, sizes: Float64Array.from(sizes), ...(ragged && { pad: { from: at.view, to } }) };
}

/** A view of the stored tensor and where outputs and inputs stand in it. */
interface Place {
  readonly view: Shape;
  readonly output: number;
  readonly input: number | undefined;
  /** Further axes that enumerate channels: the groups of a convolution. */
  readonly apart: readonly number[];
}

function placeOf({ stored, view, makes, reads, carried }: WeightUse): Place | undefined {
  if (carried) {
    // a depthwise kernel has many outputs of one input each; its axes of outputs stand next to each other
    const outputs = size(makes.map((a) => view[a]));
    const whole: Shape = [outputs, ...view.filter((_, i) => !makes.includes(i))];
    const found = rootView(stored, whole, [0]);
    return found && { view: found.view, output: found.axes[0], input: undefined, apart: [] };
  }
  const [output, input] = [makes, reads].map((axes) => rootView(stored, view, [axes.at(-1)!]));
  if (!output || !input) return undefined;
  const apart = [...makes, ...reads].filter((a) => a !== makes.at(-1) && a !== reads.at(-1));
  return { view: output.view, output: output.axes[0], input: input.axes[0], apart };
}
