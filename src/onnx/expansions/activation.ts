/** Activations that ONNX Runtime's fusions make. Source: its docs/ContribOperators.md. */
import type { Builder } from "../../graph/builder.ts";
import { float } from "../../graph/op.ts";
import type { Value } from "../../graph/types.ts";
import { type Expansion, num, plus, scaledBy } from "./expansion.ts";

/** The opset that brought Gelu itself. */
const OWN_GELU = 20;
const CUBIC = 0.044715;

/** x·Φ(x), exactly or by Φ's approximation with tanh. */
function gelu(g: Builder, x: Value, opset: number, approximate: "none" | "tanh"): Value {
  if (opset >= OWN_GELU) return g.Gelu(x, { approximate });
  const half = num(g, 0.5, x);
  if (approximate === "none") {
    const bell = g.Erf(scaledBy(g, x, Math.SQRT1_2));
    return g.Mul(g.Mul(x, half), g.Add(bell, num(g, 1, x)));
  }
  const cubic = g.Add(scaledBy(g, g.Mul(x, x), CUBIC), num(g, 1, x));
  const inner = g.Mul(scaledBy(g, x, Math.sqrt(2 / Math.PI)), cubic);
  return g.Mul(g.Mul(x, half), g.Add(g.Tanh(inner), num(g, 1, x)));
}

export const activationExpansions: Readonly<Record<string, Expansion>> = {
  Gelu: { inputs: [1, 1], attrs: {}, emit: (g, { in: [x], opset }) => [gelu(g, x!, opset, "none")] },
  /** With an optional bias. */
  FastGelu: { inputs: [1, 2], attrs: {}, emit: (g, { in: [x, b], opset }) => [gelu(g, plus(g, x!, b), opset, "tanh")] },
  BiasGelu: { inputs: [2, 2], attrs: {}, emit: (g, { in: [x, b], opset }) => [gelu(g, plus(g, x!, b), opset, "none")] },
  /** x·σ(α·x) */
  QuickGelu: {
    inputs: [1, 1],
    attrs: { alpha: float(1.702) },
    emit: (g, { in: [x], number }) => [g.Mul(x!, g.Sigmoid(scaledBy(g, x!, number("alpha"))))],
  },
};
