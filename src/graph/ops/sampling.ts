/** Images read off between their elements: made larger or smaller. */
import { axesOf, checkLength, distinctAxes, flag, float, floats, ints, oneOf, op, reject, type Type } from "../op.ts";

/** The length of an axis of n elements after scaling; a runtime computes it in float32. */
export const resizedLength = (n: number, scale: number): number => Math.floor(Math.fround(n * Math.fround(scale)));

export const samplingOps = {
  /**
   * X, larger or smaller by `scales` along `axes`. Where a file gives sizes, canonical form has the scales that lead to them;
   * axes that keep their size are left out.
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
    },
    ([x], { axes, scales, exclude_outside, mode }): Type => {
      checkLength("scales", scales, axes.length);
      if (!scales.every((s) => s > 0 && Number.isFinite(s)))
        reject("a scale is not positive", `[${scales}]`, "above 0");
      if (exclude_outside && mode !== "cubic") reject("exclude_outside is for cubic only", `mode ${mode}`, "cubic");
      const shape = [...x.shape];
      distinctAxes(axes, shape.length).forEach((a, i) => {
        shape[a] = resizedLength(shape[a], scales[i]);
        if (shape[a] < 1) reject("nothing is left", `axis ${a} of [${x.shape}] by ${scales[i]}`, "1 or more");
      });
      return { dtype: x.dtype, shape };
    },
    // ONNX Runtime 1.30 writes beyond its tensors for a negative axis
    { complete: ([x], a) => ({ ...a, axes: a.axes ? axesOf(a.axes, x.shape.length) : [...x.shape.keys()] }) },
  ),
};
