/** What a gradient rule is: a kind, where the derivative is a constant, or a function that emits the gradient. */
import type { Builder } from "../../graph/builder.ts";
import type { OpSite } from "../../graph/op-site.ts";
import type { Families, OpMulti, OpName } from "../../graph/ops/index.ts";
import type { Value } from "../../graph/types.ts";

/** The gradient of each output: one value, or a list with null where nobody used the output. */
type Incoming<K extends OpName> = OpMulti<K> extends true ? readonly (Value | null)[] : Value;

/** This setting of the attributes has no rule; `without` names it. */
export interface Missing {
  readonly without: string;
}

/**
 * dy flows in, one gradient per input flows out; null = that input has none. A rule knows neither broadcasting nor
 * which inputs need gradients. An axis of length 1 where the input has more means "the same all along it".
 */
export type RuleFunction<K extends OpName> = (
  g: Builder,
  site: OpSite<K>,
  dy: Incoming<K>,
) => readonly (Value | null)[] | Missing;

/** y = Σ fᵢ·xᵢ, elementwise. The last factor stands for all further inputs. */
export interface Linear {
  readonly factors: readonly number[];
}

type Rule<K extends OpName> = Linear | RuleFunction<K>;
export type Rules<K extends OpName> = { readonly [P in K]: Rule<P> };

/** Results that are no floats, or that depend on no float. */
const notDifferentiable = [
  "And",
  "ArgMax",
  "ArgMin",
  "Constant",
  "ConstantOfShape",
  "Equal",
  "Greater",
  "GreaterOrEqual",
  "IsInf",
  "IsNaN",
  "Less",
  "LessOrEqual",
  "Not",
  "OneHot",
  "Or",
  "Range",
  "Shape",
  "Size",
  "Xor",
] as const satisfies readonly OpName[];

export type Differentiable = Exclude<OpName, (typeof notDifferentiable)[number]>;

/** The rules of a family, without those that stand in another file. An operator that is missing does not compile. */
export type FamilyRules<F extends keyof Families, Elsewhere extends OpName = never> = Rules<
  Exclude<Extract<Families[F], Differentiable>, Elsewhere>
>;

export const weightedSum = (...factors: readonly number[]): Linear => ({ factors });
/** dx = dy, for every input. */
export const passThrough = weightedSum(1);
/** The derivative is zero wherever it exists. */
export const zeroGradient = weightedSum(0);
