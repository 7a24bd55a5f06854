/** Pooling. */
import { int, multi, op, type Type } from "../op.ts";
import { completeWindow, window, windowOutput } from "./convolution.ts";

const globalPool = op(1, {}, ([x]) => ({
  dtype: x.dtype,
  shape: [...x.shape.slice(0, 2), ...x.shape.slice(2).map(() => 1)],
}));
const pooled = (x: Type, spatial: readonly number[]): Type => ({
  dtype: x.dtype,
  shape: [x.shape[0], x.shape[1], ...spatial],
});

export const poolingOps = {
  AveragePool: op(
    1,
    { ...window, ceil_mode: int(0), count_include_pad: int(0) },
    ([x], a) => pooled(x, windowOutput(x.shape.slice(2), a, a.ceil_mode === 1)),
    { complete: ([x], a) => completeWindow(x.shape.slice(2), a.kernel_shape, a) },
  ),
  /** Outputs: Y and, optionally, the indices of the maxima in the flattened input. */
  MaxPool: multi(
    1,
    { ...window, ceil_mode: int(0), storage_order: int(0) },
    ([x], a) => {
      const y = pooled(x, windowOutput(x.shape.slice(2), a, a.ceil_mode === 1));
      return [y, { dtype: "int64", shape: y.shape }];
    },
    { complete: ([x], a) => completeWindow(x.shape.slice(2), a.kernel_shape, a) },
  ),
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
};
