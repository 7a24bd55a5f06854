/** Zeros and ones of the type of x, by comparison. */
import type { Builder } from "../../graph/builder.ts";
import { ones, positive } from "../../graph/emit.ts";
import type { Value } from "../../graph/types.ts";

/** −1, 0 or 1. By comparisons: Sign has no WebGPU kernel and is the slower one on the CPU. */
export const sign = (g: Builder, x: Value): Value => g.Sub(positive(g, x), ones(g, g.Less(x, 0), x));

/** A number of the type of `like`, for Where, whose first operand is a condition. */
export const asNumber = (g: Builder, x: number, like: Value): Value => g.scalar(x, like.dtype);
