/** A penalty from what its file says of it: the function that users call, with everything that is known of the method beside it. */

import type { z } from "zod";
import { anObject, wants } from "../given.ts";
import { type Description, parseOptions } from "../method.ts";
import type { Way } from "../ways.ts";
import type { Penalty } from "./penalty.ts";

/** What a penalty's file says of it. */
interface About<Name extends string, O extends z.ZodObject> extends Description {
  /** The paper's name, in camelCase. */
  readonly name: Name;
  readonly options: O;
  /** What it is solvable for, which decides what it goes with. */
  readonly ways: readonly Way[];
  /** True where λ alone decides how much becomes zero, so that it can be searched for. */
  readonly lambdaDecides: boolean;
  /** Options that it cannot do without and that have no start of their own, as an example has them. */
  readonly example?: Readonly<Record<string, unknown>>;
}

/** The penalty itself; `options` where not all of them count. */
export type PenaltyRule = Pick<Penalty, "bind"> & Partial<Pick<Penalty, "options">>;

type Arguments<O extends z.ZodObject> =
  Record<never, never> extends z.input<O> ? [options?: z.input<O>] : [options: z.input<O>];

/** What is known of a penalty. */
export interface PenaltyMethod<Name extends string = string, O extends z.ZodObject = z.ZodObject>
  extends About<Name, O> {
  /** The penalty with options from anywhere: a file, a command line. They are checked as those of a call. */
  of(options: object): Penalty;
}

/** A penalty's function, and what its file says of it. */
export interface PenaltyFunction<Name extends string, O extends z.ZodObject> extends PenaltyMethod<Name, O> {
  (...options: Arguments<O>): Penalty;
}

/** @returns the function, which throws UsageError for options that the schema does not allow */
export function definePenalty<const Name extends string, O extends z.ZodObject>({
  make,
  ...about
}: About<Name, O> & { make(options: z.output<O>): PenaltyRule }): PenaltyFunction<Name, O> {
  const { name, ...said } = about;
  const call = (given: object = {}): Penalty => {
    wants(name, ["options", anObject, given]);
    const options = parseOptions({ name }, about.options, given);
    return { options, ...make(options), name, ways: about.ways };
  };
  Object.defineProperty(call, "name", { value: name });
  const method: object = Object.assign(call, said, { of: call });
  return method as PenaltyFunction<Name, O>;
}
