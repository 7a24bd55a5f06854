/** Normalization. Canonical BatchNormalization is always the inference form; `train/` writes out the training one. */
import {
  axisOf,
  broadcast,
  checkLeast,
  checkShape,
  distinctAxes,
  float,
  int,
  ints,
  op,
  reject,
  sameType,
} from "../op.ts";
import { sameShape } from "../tensor.ts";

export const normalizationOps = {
  /** X [N, C, …], scale, B, mean, var [C]. */
  BatchNormalization: op(
    5,
    { epsilon: float(1e-5), momentum: float(0.9) },
    ([x, ...vectors]) => {
      if (x.shape.length < 2) reject("there are no channels", `[${x.shape}]`, "[N, C, …]");
      for (const v of vectors) checkShape("a vector", v, [x.shape[1]]);
      return x;
    },
    { learns: [1, 2], statistics: [3, 4], starts: [undefined, 1, 0, 0, 1] },
  ),
  /** X [N, C, …], scale, B [C]. */
  InstanceNormalization: op(
    3,
    { epsilon: float(1e-5) },
    ([x, ...vectors]) => {
      if (x.shape.length < 3) reject("there is nothing to normalize over", `[${x.shape}]`, "[N, C, …]");
      for (const v of vectors) checkShape("a vector", v, [x.shape[1]]);
      return x;
    },
    { learns: [1, 2], starts: [undefined, 1, 0] },
  ),
  /** Over axis … last. Scale and bias of the normalized shape. */
  LayerNormalization: op(
    3,
    { axis: int(-1), epsilon: float(1e-5), stash_type: int() },
    ([x, scale, bias], { axis }) => {
      const normalized = x.shape.slice(axisOf(axis, x.shape.length));
      checkShape("the scale", scale, normalized);
      if (bias) checkShape("the bias", bias, normalized);
      return x;
    },
    { required: 2, since: 17, learns: [1, 2], starts: [undefined, 1, 0] },
  ),
  /** X [N, C, …], scale, bias [C]: over each of `num_groups` runs of channels. Opset 18's, with scales per group, reads as an InstanceNormalization. */
  GroupNormalization: op(
    3,
    { epsilon: float(1e-5), num_groups: int(), stash_type: int() },
    ([x, ...vectors], { num_groups }) => {
      if (x.shape.length < 3) reject("there is nothing to normalize over", `[${x.shape}]`, "[N, C, …]");
      for (const v of vectors) checkShape("a vector", v, [x.shape[1]]);
      if (!(num_groups >= 1 && x.shape[1] % num_groups === 0))
        reject(
          "channels do not divide into groups",
          `${x.shape[1]} channels, num_groups ${num_groups}`,
          "whole groups",
        );
      return x;
    },
    { since: 18, learns: [1, 2], starts: [undefined, 1, 0] },
  ),
  /** x / √(mean x² + ε) · scale over axis … last. */
  RMSNormalization: op(
    2,
    { axis: int(-1), epsilon: float(1e-5), stash_type: int() },
    ([x, scale], { axis }) => {
      const normalized = x.shape.slice(axisOf(axis, x.shape.length));
      if (!sameShape(broadcast(normalized, scale.shape), normalized))
        reject("the scale does not broadcast to what is normalized", `[${scale.shape}]`, `[${normalized}] or less`);
      sameType([x, scale]);
      return x;
    },
    { since: 23, learns: [1], starts: [undefined, 1] },
  ),
  /** x / ‖x‖ₚ along an axis. */
  LpNormalization: op(1, { axis: int(-1), p: int(2) }, ([x], { axis, p }) => {
    axisOf(axis, x.shape.length);
    if (p !== 1 && p !== 2) reject("p has no such value", `${p}`, "1 or 2");
    return x;
  }),
  /** (x − mean) / √variance over `axes`. */
  MeanVarianceNormalization: op(1, { axes: ints([0, 2, 3]) }, ([x], { axes }) => {
    if (distinctAxes(axes, x.shape.length).length === 0) reject("no axis is given", "axes []", "at least one");
    return x;
  }),
  /** x / (bias + alpha/size · Σ x²)^beta, the sum over `size` channels around each one. */
  LRN: op(1, { alpha: float(1e-4), beta: float(0.75), bias: float(1), size: int() }, ([x], { alpha, beta, size }) => {
    if (x.shape.length !== 4) reject("not an image", `[${x.shape}]`, "[N, C, H, W]");
    checkLeast("size", [size], 1);
    if (size % 2 === 0) reject("size is even", `${size}`, "an odd number: ONNX Runtime has no other");
    if (!(alpha > 0 && beta > 0)) reject("a factor is not positive", `alpha ${alpha}, beta ${beta}`, "above 0");
    return x;
  }),
};
