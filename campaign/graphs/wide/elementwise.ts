/** Functions of one number. */
import type { Builder } from "../../../src/graph/builder.ts";
import { tensor } from "../../../src/graph/tensor.ts";
import type { Value } from "../../../src/graph/types.ts";
import type { Doubles } from "./double.ts";

/** Points and weights of Gauss and Legendre on [0, 1]: Newton's method on the polynomial of degree n. */
function quadrature(n: number): readonly (readonly [point: number, weight: number])[] {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let step = 0; step < 10; step++) {
      let [before, p] = [1, x];
      for (let k = 2; k <= n; k++) [before, p] = [p, ((2 * k - 1) * x * p - (k - 1) * before) / k];
      slope = (n * (before - x * p)) / (1 - x * x);
      x -= p / slope;
    }
    return [(1 + x) / 2, 1 / ((1 - x * x) * slope * slope)];
  });
}
const rule = quadrature(48);
/** Beyond, erf is 1 in float64. */
const END = 6;

/** 2/√π · x ∫₀¹ exp(−x²t²) dt */
function erf(g: Builder, x: Value): Value {
  const column = (at: 0 | 1, shape: number[]) =>
    g.constant(
      tensor(
        "float64",
        shape,
        Float64Array.from(rule, (r) => r[at]),
      ),
    );
  const clipped = g.Clip(x, { min: -END, max: END });
  const scaled = g.Mul(g.Unsqueeze(clipped, { axes: [x.shape.length] }), column(0, [rule.length]));
  const mean = g.MatMul(g.Exp(g.Neg(g.Mul(scaled, scaled))), column(1, [rule.length, 1]));
  return g.Mul(g.Mul(clipped, 2 / Math.sqrt(Math.PI)), g.Squeeze(mean, { axes: [x.shape.length] }));
}

/** The root of sin y = x cos y, by Newton's method. */
function atan(g: Builder, x: Value): Value {
  let y = g.Mul(g.Div(x, g.Add(g.Abs(x), 1)), Math.PI / 2);
  for (let i = 0; i < 5; i++) {
    const [s, c] = [g.Sin(y), g.Cos(y)];
    y = g.Sub(y, g.Div(g.Sub(s, g.Mul(x, c)), g.Add(c, g.Mul(x, s))));
  }
  return y;
}
const square = (g: Builder, x: Value): Value => g.Mul(x, x);
const asin = (g: Builder, x: Value): Value => atan(g, g.Div(x, g.Sqrt(g.Sub(1, square(g, x)))));
const softplus = (g: Builder, x: Value): Value => g.Add(g.Relu(x), g.Log(g.Add(g.Exp(g.Neg(g.Abs(x))), 1)));
const positivePart = (g: Builder, x: Value, negative: Value): Value => g.Where(g.Greater(x, 0), x, negative);
/** exp x − 1 of what is below 0. */
const below = (g: Builder, x: Value): Value => g.Sub(g.Exp(g.Min([x, 0])), 1);
const hardSigmoid = (g: Builder, x: Value, alpha: number, beta: number): Value =>
  g.Clip(g.Add(g.Mul(x, alpha), beta), { min: 0, max: 1 });

export const elementwiseDoubles: Doubles<
  | "Acos"
  | "Acosh"
  | "Asin"
  | "Asinh"
  | "Atan"
  | "Atanh"
  | "Celu"
  | "Cosh"
  | "Elu"
  | "Erf"
  | "Gelu"
  | "HardSigmoid"
  | "HardSwish"
  | "Mean"
  | "Mish"
  | "Selu"
  | "Shrink"
  | "Sinh"
  | "Softplus"
  | "Softsign"
  | "Tan"
  | "ThresholdedRelu"
> = {
  Acos: (g, { in: [x] }) => g.Sub(Math.PI / 2, asin(g, x)),
  Acosh: (g, { in: [x] }) => g.Log(g.Add(x, g.Sqrt(g.Sub(square(g, x), 1)))),
  Asin: (g, { in: [x] }) => asin(g, x),
  Asinh: (g, { in: [x] }) => g.Mul(g.Sign(x), g.Log(g.Add(g.Abs(x), g.Sqrt(g.Add(square(g, x), 1))))),
  Atan: (g, { in: [x] }) => atan(g, x),
  Atanh: (g, { in: [x] }) => g.Mul(g.Log(g.Div(g.Add(x, 1), g.Sub(1, x))), 0.5),
  Celu: (g, { in: [x], attrs: { alpha } }) => positivePart(g, x, g.Mul(below(g, g.Div(x, alpha)), alpha)),
  Cosh: (g, { in: [x] }) => g.Mul(g.Add(g.Exp(x), g.Exp(g.Neg(x))), 0.5),
  Elu: (g, { in: [x], attrs: { alpha } }) => positivePart(g, x, g.Mul(below(g, x), alpha)),
  Erf: (g, { in: [x] }) => erf(g, x),
  Gelu: (g, { in: [x], attrs }) => {
    const inner = g.Mul(g.Add(x, g.Mul(g.Mul(square(g, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
    const part = attrs.approximate === "tanh" ? g.Tanh(inner) : erf(g, g.Mul(x, Math.SQRT1_2));
    return g.Mul(g.Mul(x, 0.5), g.Add(part, 1));
  },
  HardSigmoid: (g, { in: [x], attrs: { alpha, beta } }) => hardSigmoid(g, x, alpha, beta),
  HardSwish: (g, { in: [x] }) => g.Mul(x, hardSigmoid(g, x, 1 / 6, 0.5)),
  Mean: (g, { in: inputs }) => g.Div(g.Sum(inputs), inputs.length),
  Mish: (g, { in: [x] }) => g.Mul(x, g.Tanh(softplus(g, x))),
  Selu: (g, { in: [x], attrs: { alpha, gamma } }) => g.Mul(positivePart(g, x, g.Mul(below(g, x), alpha)), gamma),
  Shrink: (g, { in: [x], attrs: { bias, lambd } }) => {
    const drawn = g.Sub(x, g.Mul(g.Sign(x), bias));
    return g.Where(g.Greater(g.Abs(x), lambd), drawn, g.scalar(0, x.dtype));
  },
  Sinh: (g, { in: [x] }) => g.Mul(g.Sub(g.Exp(x), g.Exp(g.Neg(x))), 0.5),
  Softplus: (g, { in: [x] }) => softplus(g, x),
  Softsign: (g, { in: [x] }) => g.Div(x, g.Add(g.Abs(x), 1)),
  Tan: (g, { in: [x] }) => g.Div(g.Sin(x), g.Cos(x)),
  ThresholdedRelu: (g, { in: [x], attrs: { alpha } }) => g.Where(g.Greater(x, alpha), x, g.scalar(0, x.dtype)),
};
