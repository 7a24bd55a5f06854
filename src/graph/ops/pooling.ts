/** Pooling. */
import { type FullAttrs, flag, multi, op, reject, type Type } from "../op.ts";
import { completeWindow, window, windowOutput } from "./convolution.ts";

const globalPool = op(1, {}, ([x]) => {
  if (x.shape.length < 3) reject("there is nothing to pool over", `[${x.shape}]`, "[N, C, …]");
  return { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...x.shape.slice(2).map(() => 1)] };
});

const pooled = (x: Type, a: FullAttrs<typeof window> & { readonly ceil_mode: number }): Type => {
  // a window must not lie in the padding alone
  if (a.pads.some((p, i) => p >= a.kernel_shape[i % a.kernel_shape.length]))
    reject("padding is as large as the window", `pads [${a.pads}]`, `below [${a.kernel_shape}]`);
  const spatial = windowOutput(x.shape.slice(2), a, a.ceil_mode === 1);
  return { dtype: x.dtype, shape: [x.shape[0], x.shape[1], ...spatial] };
};

export const poolingOps = {
  AveragePool: op(1, { ...window, ceil_mode: flag(0), count_include_pad: flag(0) }, ([x], a) => pooled(x, a), {
    complete: ([x], a) => completeWindow(x.shape.slice(2), a.kernel_shape, a),
  }),
  /** Outputs: Y and, optionally, the indices of the maxima in the flattened input. */
  MaxPool: multi(
    1,
    { ...window, ceil_mode: flag(0), storage_order: flag(0) },
    ([x], a) => {
      const y = pooled(x, a);
      return [y, { dtype: "int64", shape: y.shape }];
    },
    { complete: ([x], a) => completeWindow(x.shape.slice(2), a.kernel_shape, a) },
  ),
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
};
