/** Normalization. Canonical BatchNormalization is always the inference form; `train/` writes out the training one. */
import { axisOf, checkShape, float, int, op, reject } from "../op.ts";

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
};
