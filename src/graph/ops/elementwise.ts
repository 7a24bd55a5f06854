/** Elementwise operators: unary, binary with broadcasting, comparisons, selection. */

import {
  type AttrDef,
  broadcast,
  broadcastAll,
  elementType,
  flag,
  float,
  int,
  oneOf,
  op,
  reject,
  sameType,
  type Type,
} from "../op.ts";
import { isFloat, sameShape } from "../tensor.ts";

const unary = <A extends Record<string, AttrDef>>(attrs: A, since?: number) => op(1, attrs, ([x]) => x, { since });
const plain = unary({});
const broadcasting = (x: readonly Type[]) => ({ dtype: sameType(x), shape: broadcastAll(x.map((t) => t.shape)) });
const joining = op(2, {}, broadcasting, { joins: true, broadcasts: true });
const variadic = op("n", {}, broadcasting, { broadcasts: true });
const tested = ([x]: readonly Type[]): Type => ({ dtype: "bool", shape: x.shape });
const comparison = (since?: number) =>
  op(
    2,
    {},
    (x) => {
      sameType(x);
      return { dtype: "bool", shape: broadcast(x[0].shape, x[1].shape) };
    },
    { since, broadcasts: true },
  );
const compare = comparison();

export const elementwiseOps = {
  Abs: plain,
  Acos: plain,
  Acosh: plain,
  Asin: plain,
  Asinh: plain,
  Atan: plain,
  Atanh: plain,
  Ceil: plain,
  Cos: op(1, {}, ([x]) => x, { periodic: true }),
  Cosh: plain,
  Erf: plain,
  Exp: plain,
  Floor: plain,
  HardSwish: unary({}, 14),
  Identity: op(1, {}, ([x]) => x, {
    permutes: ({ shape }) => shape.map((_, i) => i),
    rearranges: true,
    reshapes: true,
  }),
  Log: plain,
  Mish: unary({}, 18),
  Neg: plain,
  Not: plain,
  Reciprocal: plain,
  Relu: plain,
  Round: unary({}, 11),
  Sigmoid: plain,
  Sign: plain,
  Sin: op(1, {}, ([x]) => x, { periodic: true }),
  Sinh: plain,
  Softplus: plain,
  Softsign: plain,
  Sqrt: plain,
  Tan: op(1, {}, ([x]) => x, { periodic: true }),
  Tanh: plain,
  Celu: unary({ alpha: float(1) }, 12),
  Elu: unary({ alpha: float(1) }),
  HardSigmoid: unary({ alpha: float(0.2), beta: float(0.5) }),
  LeakyRelu: unary({ alpha: float(0.01) }),
  /** x drawn nearer to 0 by `bias` where |x| > `lambd`; 0 in between. */
  Shrink: unary({ bias: float(0), lambd: float(0.5) }),
  Selu: unary({ alpha: float(1.6732631921768188), gamma: float(1.0507010221481323) }),
  ThresholdedRelu: unary({ alpha: float(1) }, 10),
  /** Bounds are attributes in canonical form; absent = unbounded. */
  Clip: unary({ min: float(), max: float() }),
  Gelu: unary({ approximate: oneOf("none", "tanh") }, 20),
  Cast: op(1, { to: elementType() }, ([x], { to }) => ({ dtype: to, shape: x.shape })),
  /** Inference: the identity. Training: `train/` replaces it by a mask from the counter generator. */
  Dropout: op(1, { ratio: float(0.5), seed: int() }, ([x], { ratio }) => {
    if (!(ratio >= 0 && ratio < 1)) reject("ratio is out of range", `${ratio}`, "0 ≤ ratio < 1");
    return x;
  }),

  Add: joining,
  Div: joining,
  Mod: op(
    2,
    { fmod: flag(0) },
    (x, { fmod }) => {
      const dtype = sameType(x);
      if (isFloat(dtype) && !fmod) reject("floats need fmod", `fmod ${fmod}`, "fmod 1");
      return { dtype, shape: broadcast(x[0].shape, x[1].shape) };
    },
    { since: 10, broadcasts: true },
  ),
  Mul: joining,
  /** The slope has the shape of x, or one that broadcasts to it. */
  PRelu: op(
    2,
    {},
    ([x, slope]) => {
      sameType([x, slope]);
      if (!sameShape(broadcast(x.shape, slope.shape), x.shape))
        reject("the slope does not broadcast to x", `x [${x.shape}], slope [${slope.shape}]`, `[${x.shape}] or less`);
      return x;
    },
    { learns: [1] },
  ),
  Pow: op(2, {}, (x) => ({ dtype: x[0].dtype, shape: broadcast(x[0].shape, x[1].shape) }), { broadcasts: true }),
  Sub: joining,
  Max: variadic,
  Mean: variadic,
  Min: variadic,
  Sum: op("n", {}, broadcasting, { joins: true, broadcasts: true }),

  IsInf: op(1, { detect_negative: flag(1), detect_positive: flag(1) }, tested, { since: 10 }),
  IsNaN: op(1, {}, tested),

  And: compare,
  Equal: compare,
  Greater: compare,
  GreaterOrEqual: comparison(12),
  Less: compare,
  LessOrEqual: comparison(12),
  Or: compare,
  Xor: compare,
  Where: op(3, {}, ([c, x, y]) => ({ dtype: sameType([x, y]), shape: broadcast(c.shape, x.shape, y.shape) }), {
    broadcasts: true,
  }),
};
