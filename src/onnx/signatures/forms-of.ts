/** The notation of the tables in this folder. */
import type { Families } from "../../graph/ops/index.ts";

/**
 * An operator as it is from one opset on:
 * - the first opset;
 * - the types of its inputs and outputs, `T T int64? -> T`: a variable of the third entry, or an element type; `?` may be
 *   left out, `*` any number;
 * - the element types of each variable, of those that Espalier holds: `float`, `int` and `uint` of every width, `wide` =
 *   integers of 32 and 64 bits, or one by its name;
 * - its attributes and their types, `axis:int`; `!` must be given, `opaque` = of a type that Espalier does not interpret.
 */
export type OpForm = readonly [since: number, wiring: string, types: Readonly<Record<string, string>>, attrs?: string];

/** The forms of every operator of a family, oldest first. Forms of before opset 9 stand under their own number. */
export type FormsOf<F extends keyof Families> = Readonly<Record<Families[F], readonly OpForm[]>>;
