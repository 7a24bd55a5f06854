/** Activation functions. At a kink the derivative is torch's. */
import { ones, positive } from "../../graph/emit.ts";
import { asNumber } from "./masks.ts";
import type { Rules } from "./rule.ts";

export type Activation =
  | "Celu"
  | "Elu"
  | "Gelu"
  | "HardSigmoid"
  | "HardSwish"
  | "LeakyRelu"
  | "Mish"
  | "PRelu"
  | "Relu"
  | "Selu"
  | "Sigmoid"
  | "Softplus"
  | "Softsign"
  | "Tanh"
  | "ThresholdedRelu";

const SQRT_HALF = Math.SQRT1_2;
const SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715; // of Gelu's tanh approximation (Hendrycks & Gimpel 2016)

export const activationRules: Rules<Activation> = {
  // dy for x > 0, else 0; by y, which lives on anyway
  Relu: (g, { out: y }, dy) => {
    const dx = g.Where(g.Greater(y, 0), dy, asNumber(g, 0, dy));
    return [g.means(dx, "ReluGradient", [y, dy], {})];
  },
  // 1 for x > 0, else α
  LeakyRelu: (g, { in: [x], attrs: { alpha } }, dy) => {
    return [g.Mul(dy, g.Add(g.Mul(positive(g, x), 1 - alpha), alpha))];
  },
  // y = x for x > 0, else s·x  ⇒  dx = dy or dy·s,  ds = dy·min(x, 0)
  PRelu: (g, { in: [x, slope] }, dy) => {
    return [g.Where(g.Greater(x, 0), dy, g.Mul(dy, slope)), g.Mul(dy, g.Min([x, 0]))];
  },
  ThresholdedRelu: (g, { in: [x], attrs: { alpha } }, dy) => [g.Mul(dy, ones(g, g.Greater(x, alpha), x))],
  // 1 for x > 0, else α·eˣ = y + α
  Elu: (g, { in: [x], out: y, attrs: { alpha } }, dy) => {
    return [g.Mul(dy, g.Where(g.Greater(x, 0), asNumber(g, 1, x), g.Add(y, alpha)))];
  },
  // 1 for x > 0, else e^(x/α) = y/α + 1
  Celu: (g, { in: [x], out: y, attrs: { alpha } }, dy) => {
    return [g.Mul(dy, g.Where(g.Greater(x, 0), asNumber(g, 1, x), g.Add(g.Div(y, alpha), 1)))];
  },
  // γ for x > 0, else γ·α·eˣ = y + γ·α
  Selu: (g, { in: [x], out: y, attrs: { alpha, gamma } }, dy) => {
    return [g.Mul(dy, g.Where(g.Greater(x, 0), asNumber(g, gamma, x), g.Add(y, alpha * gamma)))];
  },
  // y·(1 − y)
  Sigmoid: (g, { out: y }, dy) => [g.Mul(dy, g.Sub(y, g.Mul(y, y)))],
  // α where 0 < α·x + β < 1
  HardSigmoid: (g, { out: y, attrs: { alpha } }, dy) => {
    return [g.Mul(dy, g.Mul(ones(g, g.And(g.Greater(y, 0), g.Less(y, 1)), y), alpha))];
  },
  // y = x·clip(x/6 + ½, 0, 1)  ⇒  x/3 + ½ for |x| < 3, else 0 or 1
  HardSwish: (g, { in: [x] }, dy) => {
    const bent = g.And(g.Greater(x, -3), g.Less(x, 3));
    return [g.Mul(dy, g.Where(bent, g.Add(g.Div(x, 3), 0.5), positive(g, x)))];
  },
  // 1 − y²
  Tanh: (g, { out: y }, dy) => [g.Mul(dy, g.Sub(1, g.Mul(y, y)))],
  // d ln(1 + eˣ) = σ(x)
  Softplus: (g, { in: [x] }, dy) => [g.Mul(dy, g.Sigmoid(x))],
  // y = x/(1 + |x|)  ⇒  1/(1 + |x|)²
  Softsign: (g, { in: [x] }, dy) => {
    const d = g.Add(g.Abs(x), 1);
    return [g.Div(dy, g.Mul(d, d))];
  },
  // y = x·t, t = tanh(softplus x)  ⇒  t + x·(1 − t²)·σ(x)
  Mish: (g, { in: [x] }, dy) => {
    const t = g.Tanh(g.Softplus(x));
    return [g.Mul(dy, g.Add(t, g.Mul(g.Mul(x, g.Sigmoid(x)), g.Sub(1, g.Mul(t, t)))))];
  },
  Gelu: (g, { in: [x], attrs: { approximate } }, dy) => {
    const x2 = g.Mul(x, x);
    if (approximate === "none") {
      // y = x·Φ(x)  ⇒  Φ(x) + x·φ(x)
      const cdf = g.Mul(g.Add(g.Erf(g.Mul(x, SQRT_HALF)), 1), 0.5);
      const density = g.Mul(g.Exp(g.Mul(x2, -0.5)), SQRT_TWO_OVER_PI / 2);
      return [g.Mul(dy, g.Add(cdf, g.Mul(x, density)))];
    }
    // y = ½·x·(1 + t), t = tanh u, u = √(2/π)·(x + c·x³)  ⇒  ½·(1 + t) + ½·x·(1 − t²)·u′
    const t = g.Tanh(g.Mul(g.Mul(x, g.Add(g.Mul(x2, CUBIC), 1)), SQRT_TWO_OVER_PI));
    const du = g.Mul(g.Add(g.Mul(x2, 3 * CUBIC), 1), SQRT_TWO_OVER_PI);
    const bend = g.Mul(g.Mul(x, du), g.Sub(1, g.Mul(t, t)));
    return [g.Mul(dy, g.Mul(g.Add(g.Add(t, 1), bend), 0.5))];
  },
};
