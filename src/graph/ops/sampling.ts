/** Images read off between their elements: made larger or smaller. */
import { axesOf, checkLength, distinctAxes, flag, float, floats, ints, oneOf, op, reject, type Type } from "../op.ts";

/** The length of an axis of n elements after scaling; a runtime computes it in float32. */
export const resizedLength = (n: number, scale: number): number => Math.floor(Math.fround(n * Math.fround(scale)));

interface Scaling {
  readonly scales: readonly number[];
  readonly sizes: readonly number[];
}

/** By how much the i-th of a Resize's axes grows, which has n elements. */
export const scaleOf = ({ scales, sizes }: Scaling, i: number, n: number): number =>
  Math.fround(sizes ? sizes[i] / n : scales[i]);

export const samplingOps = {
  /**
   * X, larger or smaller along `axes`: by `scales`, or to `sizes`. Axes that keep their size are left out in canonical form, so that it
   * says nothing of a batch.
   */
  Resize: op(
    1,
    {
      mode: oneOf("nearest", "linear", "cubic"),
      coordinate_transformation_mode: oneOf(
        "half_pixel",
        "asymmetric",
        "align_corners",
        "pytorch_half_pixel",
        "half_pixel_symmetric",
        "tf_half_pixel_for_nn",
      ),
      nearest_mode: oneOf("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
      cubic_coeff_a: float(-0.75),
      exclude_outside: flag(0),
      axes: ints(),
      scales: floats(),
      sizes: ints(),
    },
    ([x], { axes, scales, sizes, exclude_outside, mode }): Type => {
      if (!scales === !sizes)
        reject("scales or sizes must be given", `scales ${scales}, sizes ${sizes}`, "one of them");
      checkLength(scales ? "scales" : "sizes", scales ?? sizes, axes.length);
      if (scales && !scales.every((s) => s > 0 && Number.isFinite(s)))
        reject("a scale is not positive", `[${scales}]`, "above 0");
      if (exclude_outside && mode !== "cubic") reject("exclude_outside is for cubic only", `mode ${mode}`, "cubic");
      const shape = [...x.shape];
      distinctAxes(axes, shape.length).forEach((a, i) => {
        shape[a] = sizes ? sizes[i] : resizedLength(shape[a], scales[i]);
        if (shape[a] < 1) reject("nothing is left", `axis ${a} of [${x.shape}]`, "1 or more");
      });
      return { dtype: x.dtype, shape };
    },
    // ONNX Runtime 1.30 writes beyond its tensors for a negative axis
    { complete: ([x], a) => ({ ...a, axes: a.axes ? axesOf(a.axes, x.shape.length) : [...x.shape.keys()] }) },
  ),
  /**
   * X [N, C, d…] read at the positions of a grid [N, o…, rank], from −1 to 1, the last axis of X first: [N, C, o…]. Modes are called as in
   * opset 20.
   */
  GridSample: op(
    2,
    {
      align_corners: flag(0),
      mode: oneOf("linear", "nearest", "cubic"),
      padding_mode: oneOf("zeros", "border", "reflection"),
    },
    ([x, grid]): Type => {
      const rank = x.shape.length - 2;
      if (rank !== 2 && rank !== 3) reject("neither images nor volumes", `[${x.shape}]`, "4 or 5 axes");
      if (grid.shape.length !== rank + 2 || grid.shape[0] !== x.shape[0] || grid.shape.at(-1) !== rank)
        reject("the grid does not fit", `[${grid.shape}] for [${x.shape}]`, `[${x.shape[0]}, …, ${rank}]`);
      return { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...grid.shape.slice(1, -1)] };
    },
    { since: 16 },
  ),
};
