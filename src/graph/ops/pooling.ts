/** Pooling. */
import { checkLeast, type FullAttrs, flag, int, ints, multi, op, reject, type Type } from "../op.ts";
import { size } from "../tensor.ts";
import { completeWindow, window, windowOutput } from "./convolution.ts";

const globallyPooled = (x: Type): Type => {
  if (x.shape.length < 3) reject("there is nothing to pool over", `[${x.shape}]`, "[N, C, …]");
  return { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...x.shape.slice(2).map(() => 1)] };
};
const globalPool = op(1, {}, ([x]) => globallyPooled(x));

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
  /** (Σ |x|ᵖ)^(1/p) of each window. */
  LpPool: op(1, { ...window, ceil_mode: flag(0), p: int(2) }, ([x], a) => pooled(x, a), {
    complete: ([x], a) => {
      checkLeast("p", [a.p], 1);
      return completeWindow(x.shape.slice(2), a.kernel_shape, a);
    },
  }),
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: op(1, { p: int(2) }, ([x], { p }) => {
    checkLeast("p", [p], 1);
    return globallyPooled(x);
  }),
  /** Adds up, where they overlap, the columns [N, C·taps, windows] that windows over an image [N, C, …] make. */
  Col2Im: op(
    1,
    { image_shape: ints(), block_shape: ints(), strides: ints(), pads: ints(), dilations: ints() },
    ([x], a) => {
      const taps = size(a.block_shape);
      const over = windowOutput(a.image_shape, { ...a, auto_pad: "NOTSET", kernel_shape: a.block_shape });
      const [n, rows, windows] = x.shape;
      if (x.shape.length !== 3 || rows % taps !== 0 || windows !== size(over))
        reject("columns do not fit the windows", `[${x.shape}]`, `[N, C·${taps}, ${size(over)}]`);
      return { dtype: x.dtype, shape: [n, rows / taps, ...a.image_shape] };
    },
    {
      since: 18,
      complete: (_, a) => {
        checkLeast("image_shape", a.image_shape, 1);
        const { strides, pads, dilations } = completeWindow(a.image_shape, a.block_shape, {
          ...a,
          auto_pad: "NOTSET",
          kernel_shape: a.block_shape,
        });
        return { ...a, strides, pads, dilations };
      },
    },
  ),
};
