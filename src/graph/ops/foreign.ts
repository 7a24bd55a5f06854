/**
 * Operators of ONNX Runtime's own domains, for step graphs: what the npm builds register beside the standard. Nobody but
 * ONNX Runtime promises what they do; lower/ emits them where the target has them and a test compares the values.
 */
import { float, int, op, reject, sameType, type Type } from "../op.ts";
import { convolutionOps } from "./convolution.ts";
import { linearOps } from "./linear.ts";

const lastTwoSwapped = (t: Type): Type => ({
  ...t,
  shape: [...t.shape.slice(0, -2), t.shape.at(-1)!, t.shape.at(-2)!],
});

/** What is blocked has whole blocks only, so that its shape is that of the plain tensor. */
const reordered = op(1, {}, ([x]) => {
  if (x.shape.length !== 4) reject("only images can be blocked", `[${x.shape}]`, "[N, C, H, W]");
  return x;
});

const { Conv } = convolutionOps;

export const foreign = {
  "com.microsoft": {
    /** Y = alpha·A'·B', batched as MatMul. It has no WebGPU kernel. */
    FusedMatMul: op(2, { alpha: float(1), transA: int(0), transB: int(0) }, ([a, b], { transA, transB }) => {
      const product = linearOps.MatMul.infer([transA ? lastTwoSwapped(a) : a, transB ? lastTwoSwapped(b) : b], {});
      return product as Type;
    }),
  },
  /** MLAS's direct convolution on tensors [N, C/B, H, W, B], which pass for [N, C, H, W]. B depends on the processor. */
  "com.microsoft.nchwc": {
    ReorderInput: reordered,
    ReorderOutput: op(1, { channels: int() }, ([x], { channels }) => {
      if (channels !== x.shape[1]) reject("a block is not full", `${channels} channels`, `${x.shape[1]}`);
      return x;
    }),
    Conv: op(3, Conv.attrs, (x, a) => ({ ...(Conv.infer(x, a) as Type), dtype: sameType(x.slice(0, 2)) }), {
      required: 2,
      complete: Conv.complete,
    }),
  },
};

/** A domain beside the standard one whose operators Espalier emits. */
export type Domain = keyof typeof foreign;
