/** Arithmetic, elementary functions and selection. Activations have their own file. */

import type { Builder } from "../../graph/builder.ts";
import { ones } from "../../graph/emit.ts";
import { isFloat } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import type { Activation } from "./activation.ts";
import { asNumber, sign } from "./masks.ts";
import { type FamilyRules, passThrough, weightedSum, zeroGradient } from "./rule.ts";

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

export const elementwiseRules: FamilyRules<"elementwise", Activation> = {
  Add: passThrough,
  Sum: passThrough,
  Identity: passThrough,
  Dropout: passThrough, // the canonical form is inference
  Sub: weightedSum(1, -1),
  Neg: weightedSum(-1),
  Ceil: zeroGradient,
  Floor: zeroGradient,
  Round: zeroGradient,
  Sign: zeroGradient,

  // y = Σ xᵢ/n
  Mean: (g, { in: x }, dy) => {
    const part = g.Div(dy, x.length);
    return x.map(() => part);
  },
  // y = a·b  ⇒  da = dy·b,  db = dy·a
  Mul: (g, { in: [a, b] }, dy) => [g.Mul(dy, b), g.Mul(dy, a)],
  // y = a/b  ⇒  da = dy/b,  db = −dy·a/b² = −da·y
  Div: (g, { in: [, b], out: y }, dy) => {
    const da = g.Div(dy, b);
    return [da, g.Neg(g.Mul(da, y))];
  },
  // y = a − b·trunc(a/b)  ⇒  da = dy,  db = −dy·trunc(a/b), and trunc(a/b) = (a − y)/b
  Mod: (g, { in: [a, b], out: y }, dy) => [dy, g.Mul(dy, g.Div(g.Sub(y, a), b))],
  // y = aᵇ  ⇒  da = dy·b·aᵇ⁻¹,  db = dy·y·ln a, taken as 0 at a = 0 as in torch
  Pow: (g, { in: [a, b], out: y }, dy) => {
    const e = b.dtype === a.dtype ? b : g.Cast(b, { to: a.dtype });
    const known = g.tensorOf(b);
    const two = known && known.data.length === 1 && Number(known.data[0]) === 2;
    const slope = two ? g.Mul(a, 2) : g.Mul(e, g.Pow(a, g.Sub(e, 1)));
    const base = g.Where(g.Equal(a, 0), asNumber(g, 1, a), a);
    return [g.Mul(dy, slope), isFloat(b.dtype) ? g.Mul(dy, g.Mul(y, g.Log(base))) : null];
  },
  // dy goes to the largest; ties share it evenly, as in torch.maximum
  Max: (g, { in: x, out: y }, dy) => shareAmongEqual(g, x, y, dy),
  Min: (g, { in: x, out: y }, dy) => shareAmongEqual(g, x, y, dy),
  // y = c ? a : b. Not dy·c: a NaN or Inf in dy must not reach the operand that was not chosen
  Where: (g, { in: [c] }, dy) => {
    const none = asNumber(g, 0, dy);
    return [null, g.Where(c, dy, none), g.Where(c, none, dy)];
  },
  // the identity within the bounds, bounds included, as in torch.clamp
  Clip: (g, { in: [x], out: y, attrs: { min, max } }, dy) => {
    const above = min === undefined ? undefined : () => g.GreaterOrEqual(x, min);
    const below = max === undefined ? undefined : () => g.LessOrEqual(x, max);
    const both = above && below && (min! <= max! ? g.Equal(x, y) : g.And(above(), below())); // within is what stays as it is
    const inside = both ?? above?.() ?? below?.();
    return [inside ? g.Mul(dy, ones(g, inside, x)) : dy];
  },
  Cast: (g, { in: [x] }, dy) => [g.Cast(dy, { to: x.dtype })],

  // d|x| = sign x, 0 at 0
  Abs: (g, { in: [x] }, dy) => [g.Mul(dy, sign(g, x))],
  // d√x = 1/(2√x)
  Sqrt: (g, { out: y }, dy) => [g.Div(dy, g.Mul(y, 2))],
  // d(1/x) = −1/x²
  Reciprocal: (g, { out: y }, dy) => [g.Neg(g.Mul(dy, g.Mul(y, y)))],
  Exp: (g, { out: y }, dy) => [g.Mul(dy, y)],
  Log: (g, { in: [x] }, dy) => [g.Div(dy, x)],
  // d tan x = 1 + y²
  Tan: (g, { out: y }, dy) => [g.Mul(dy, g.Add(g.Mul(y, y), 1))],
  // d asin x = 1/√(1 − x²) = −d acos x
  Asin: (g, { in: [x] }, dy) => [g.Div(dy, g.Sqrt(g.Sub(1, g.Mul(x, x))))],
  Acos: (g, { in: [x] }, dy) => [g.Neg(g.Div(dy, g.Sqrt(g.Sub(1, g.Mul(x, x)))))],
  // d atan x = 1/(1 + x²)
  Atan: (g, { in: [x] }, dy) => [g.Div(dy, g.Add(g.Mul(x, x), 1))],
  Sinh: (g, { in: [x] }, dy) => [g.Mul(dy, cosh(g, x))],
  Cosh: (g, { in: [x] }, dy) => [g.Mul(dy, g.Mul(g.Sub(g.Exp(x), g.Exp(g.Neg(x))), 0.5))],
  // d asinh x = 1/√(x² + 1),  d acosh x = 1/√(x² − 1),  d atanh x = 1/(1 − x²)
  Asinh: (g, { in: [x] }, dy) => [g.Div(dy, g.Sqrt(g.Add(g.Mul(x, x), 1)))],
  Acosh: (g, { in: [x] }, dy) => [g.Div(dy, g.Sqrt(g.Sub(g.Mul(x, x), 1)))],
  Atanh: (g, { in: [x] }, dy) => [g.Div(dy, g.Sub(1, g.Mul(x, x)))],
  // 1 where |x| > λ, else 0
  Shrink: (g, { in: [x], attrs: { lambd } }, dy) => [g.Mul(dy, ones(g, g.Greater(g.Abs(x), lambd), x))],
  Sin: (g, { in: [x] }, dy) => [g.Mul(dy, g.Cos(x))],
  Cos: (g, { in: [x] }, dy) => [g.Neg(g.Mul(dy, g.Sin(x)))],
  // d erf x = 2/√π · e^(−x²)
  Erf: (g, { in: [x] }, dy) => [g.Mul(dy, g.Mul(TWO_OVER_SQRT_PI, g.Exp(g.Neg(g.Mul(x, x)))))],
};

/** By exponentials: Cosh and Sinh have no kernel for float64, nor on every device. */
const cosh = (g: Builder, x: Value): Value => g.Mul(g.Add(g.Exp(x), g.Exp(g.Neg(x))), 0.5);

function shareAmongEqual(g: Builder, x: readonly Value[], y: Value, dy: Value): Value[] {
  const equal = x.map((v) => ones(g, g.Equal(v, y), v));
  const part = g.Div(
    dy,
    equal.reduce((a, b) => g.Add(a, b)),
  );
  return equal.map((e) => g.Mul(e, part));
}
