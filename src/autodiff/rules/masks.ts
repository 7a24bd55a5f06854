/** Zeros and ones of the type of x, by comparison. */
import type { Builder } from "../../graph/builder.ts";
import type { Value } from "../../graph/types.ts";

/** A condition as numbers. */
export const ones = (g: Builder, condition: Value, like: Value): Value => g.Cast(condition, { to: like.dtype });

/** 1 where x > 0, else 0. */
export const positive = (g: Builder, x: Value): Value => ones(g, g.Greater(x, 0), x);

/** −1, 0 or 1. By comparisons: Sign has no WebGPU kernel and is the slower one on the CPU. */
export const sign = (g: Builder, x: Value): Value => g.Sub(positive(g, x), ones(g, g.Less(x, 0), x));

/** A number of the type of `like`, for Where, whose first operand is a condition. */
export const number = (g: Builder, x: number, like: Value): Value => g.scalar(x, like.dtype);
