/** What a gradient rule is: a kind, where the derivative is a constant, or a function that emits the gradient. */
import type { Builder } from "../../graph/builder.ts";
import type { OpArity, OpFullAttrs, OpMulti, OpName } from "../../graph/ops/index.ts";
import type { Value } from "../../graph/types.ts";

type Inputs<K extends OpName> =
  OpArity<K> extends "n"
    ? readonly Value[]
    : OpArity<K> extends 1
      ? readonly [Value]
      : OpArity<K> extends 2
        ? readonly [Value, Value]
        : OpArity<K> extends 3
          ? readonly [Value, Value, Value | null]
          : readonly [Value, Value, Value, Value, Value];

/** The node whose gradient is asked for. An optional input or output that is absent is null. */
export interface Site<K extends OpName> {
  readonly in: Inputs<K>;
  readonly out: OpMulti<K> extends true ? readonly (Value | null)[] : Value;
  readonly attrs: OpFullAttrs<K>;
}

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
  site: Site<K>,
  dy: Incoming<K>,
) => readonly (Value | null)[] | Missing;

/** y = Σ fᵢ·xᵢ, elementwise. The last factor stands for all further inputs. */
export interface Linear {
  readonly factors: readonly number[];
}

type Rule<K extends OpName> = Linear | RuleFunction<K>;
export type Rules<K extends OpName> = { readonly [P in K]: Rule<P> };

export const weightedSum = (...factors: readonly number[]): Linear => ({ factors });
/** dx = dy, for every input. */
export const passThrough = weightedSum(1);
/** The derivative is zero wherever it exists. */
export const zeroGradient = weightedSum(0);
