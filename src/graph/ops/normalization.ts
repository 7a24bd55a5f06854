/** Normalization. Canonical BatchNormalization is always the inference form; `train/` writes out the training one. */
import { float, int, op, reject } from "../op.ts";

export const normalizationOps = {
  /** X [N, C, …], scale, B, mean, var [C]. */
  BatchNormalization: op(
    5,
    { epsilon: float(1e-5), momentum: float(0.9) },
    ([x, ...vectors]) => {
      for (const v of vectors)
        if (v.shape.length !== 1 || v.shape[0] !== x.shape[1])
          reject("BatchNormalization sizes differ", `x [${x.shape}], vector [${v.shape}]`, `[${x.shape[1]}]`);
      return x;
    },
    { statistics: [3, 4], starts: [undefined, 1, 0, 0, 1] },
  ),
  /** X [N, C, …], scale, B [C]. */
  InstanceNormalization: op(3, { epsilon: float(1e-5) }, ([x]) => x, { starts: [undefined, 1, 0] }),
  /** Over axis … last. Scale and bias of the normalized shape. */
  LayerNormalization: op(3, { axis: int(-1), epsilon: float(1e-5) }, ([x]) => x, {
    required: 2,
    since: 17,
    starts: [undefined, 1, 0],
  }),
};
