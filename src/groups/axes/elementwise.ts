/** Elementwise operators: every axis passes through, broadcast operands are tied where they are not 1. */
import type { Value } from "../../graph/types.ts";
import { type AxesRules, broadcastTies, type Flow } from "./rule.ts";

interface Elementwise {
  readonly in: readonly (Value | null)[];
  readonly out: Value;
}
const each = ({ in: inputs, out }: Elementwise): Flow => ({
  ties: inputs.flatMap((x, i) => (x ? broadcastTies(i, x.shape, out.shape) : [])),
});

export const elementwiseAxes: AxesRules<"elementwise"> = {
  Abs: each,
  Ceil: each,
  Cos: each,
  Erf: each,
  Exp: each,
  Floor: each,
  HardSwish: each,
  Identity: each,
  Log: each,
  Mish: each,
  Neg: each,
  Not: each,
  Reciprocal: each,
  Relu: each,
  Round: each,
  Sigmoid: each,
  Sign: each,
  Sin: each,
  Softplus: each,
  Softsign: each,
  Sqrt: each,
  Tanh: each,
  Celu: each,
  Elu: each,
  HardSigmoid: each,
  LeakyRelu: each,
  Selu: each,
  ThresholdedRelu: each,
  Clip: each,
  Gelu: each,
  Cast: each,
  Dropout: each,
  Add: each,
  Div: (site) => ({ ...each(site), factors: [1] }),
  Mod: each,
  Mul: (site) => ({ ...each(site), factors: [0, 1] }),
  PRelu: (site) => ({ ...each(site), factors: [1] }),
  Pow: each,
  Sub: each,
  Max: each,
  Mean: each,
  Min: each,
  Sum: each,
  And: each,
  Equal: each,
  Greater: each,
  GreaterOrEqual: each,
  Less: each,
  LessOrEqual: each,
  Or: each,
  Xor: each,
  Where: each,
};
