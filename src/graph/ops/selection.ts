/** Operators that go by where elements stand. */
import { checkShape, elementType, float, int, op, reject, type Type } from "../op.ts";

export const selectionOps = {
  /** Inputs: data and indices [… k], which address k axes of data behind the first `batch_dims`. */
  GatherND: op(
    2,
    { batch_dims: int(0) },
    ([x, i], { batch_dims: b }): Type => {
      const depth = i.shape.at(-1) ?? 0;
      if (!(b >= 0 && b < i.shape.length && depth >= 1 && b + depth <= x.shape.length))
        reject(
          "indices do not fit",
          `[${i.shape}] into [${x.shape}], batch_dims ${b}`,
          "a last axis no longer than x has axes",
        );
      checkShape("the indices' batch", { ...i, shape: i.shape.slice(0, b) }, x.shape.slice(0, b));
      return { dtype: x.dtype, shape: [...i.shape.slice(0, -1), ...x.shape.slice(b + depth)] };
    },
    { since: 11 },
  ),
  /** The upper or lower triangle of the last two axes, from the k-th diagonal on; zeros elsewhere. */
  Trilu: op(
    1,
    { k: int(0), upper: int(1) },
    ([x]) => {
      if (x.shape.length < 2) reject("there is no matrix", `[${x.shape}]`, "rank 2 or more");
      return x;
    },
    { since: 14 },
  ),
  /** start, start + delta, … before limit. `dtype` is what the file's inputs have. */
  Range: op(
    0,
    { start: float(), limit: float(), delta: float(), dtype: elementType() },
    (_, { start, limit, delta, dtype }): Type => {
      if (delta === 0) reject("delta is 0", `${start} to ${limit}`, "another number");
      return { dtype, shape: [Math.max(0, Math.ceil((limit - start) / delta))] };
    },
    { since: 11 },
  ),
};
