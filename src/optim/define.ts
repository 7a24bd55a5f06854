/** An optimizer from what its file says of it: the function that users call, with everything that is known of the method beside it. */

import type { z } from "zod";
import { UsageError } from "../error.ts";
import { anObject, wants } from "../given.ts";
import { listed, named, say } from "../message.ts";
import { type Description, parseOptions } from "../method.ts";
import type { Fit, Optimizer } from "./optimizer.ts";

/** What a run takes that does not say otherwise. */
export interface Defaults {
  readonly lr: number;
  /** The name of a penalty; none for an optimizer that takes none. */
  readonly penalty?: string;
  /** Options of a run with layers composed of several maps, where they differ. */
  readonly composed?: Readonly<Record<string, unknown>>;
}

/** The step itself, without what its description says already. */
export interface OptimizerRule<S extends string = string, N extends string = string>
  extends Omit<Optimizer<S, N>, "name" | "form" | "options" | "bind"> {
  /** See `Optimizer.bind`. */
  bind?(to: Fit): OptimizerRule<S, N>;
}

/** What an optimizer can be told, and the step that this makes. Most have one form. */
export interface Form<O extends z.ZodObject = z.ZodObject, S extends string = string, N extends string = string> {
  /** The value of the option `form`, where there are several. */
  readonly form?: string;
  readonly options: O;
  readonly defaults: Defaults;
  make(options: z.output<O>): OptimizerRule<S, N>;
}

/** What is said of an optimizer in all its forms. */
interface About<Name extends string> extends Description {
  /** The paper's name, in camelCase. */
  readonly name: Name;
  /** What others call one of its options: `{ momentum: "c" }`. */
  readonly renames?: Readonly<Record<string, string>>;
}

/** What an optimizer is called with. */
type OptionsOf<F extends readonly Form[]> = z.input<F[number]["options"]>;
type Made<F extends readonly Form[]> =
  ReturnType<F[number]["make"]> extends OptimizerRule<infer S, infer N> ? Optimizer<S, N> : Optimizer;

/** What is known of an optimizer. */
export interface OptimizerMethod<Name extends string = string, F extends readonly Form[] = readonly Form[]>
  extends About<Name> {
  /** The optimizer with options from anywhere: a file, a command line. They are checked as those of a call. */
  of(options: object): Optimizer;
  /** Every form, the one that is taken where nothing is said first. */
  readonly forms: F;
  /** Of the first form. */
  readonly defaults: F[0]["defaults"];
}

/** An optimizer's function, and what its file says of it. */
export interface OptimizerFunction<Name extends string, F extends readonly Form[]> extends OptimizerMethod<Name, F> {
  (options?: OptionsOf<F>): Made<F>;
}

/** For types alone: what `make` gets is what the schema gives. */
export const form = <O extends z.ZodObject, S extends string, N extends string, const D extends Defaults>(
  said: Form<O, S, N> & { readonly defaults: D },
) => said;

/** @returns the function, which throws UsageError for options that the schema of the form does not allow */
export function defineOptimizer<const Name extends string, const F extends readonly [Form, ...Form[]]>(
  about: About<Name>,
  ...forms: F
): OptimizerFunction<Name, F> {
  const call = (given: object = {}) => {
    wants(about.name, ["options", anObject, given]);
    const chosen = choose(about, forms, given);
    const { name, renames } = about;
    const options = parseOptions({ name, form: chosen.form, renames }, chosen.options, given);
    const whole = (rule: OptimizerRule): Optimizer => ({
      options,
      ...rule,
      name,
      ...(chosen.form && { form: chosen.form }),
      bind: rule.bind && ((to) => whole(rule.bind!(to))),
    });
    return whole(chosen.make(options));
  };
  Object.defineProperty(call, "name", { value: about.name });
  const { name: _, ...said } = about;
  const method: object = Object.assign(call, said, { forms, defaults: forms[0].defaults, of: call });
  return method as OptimizerFunction<Name, F>; // `call` makes what the form's own `make` does
}

/** The form that is asked for. */
function choose({ name }: { readonly name: string }, forms: readonly [Form, ...Form[]], given: object): Form {
  if (forms.length === 1) return forms[0];
  const asked = "form" in given ? given.form : undefined;
  const found = asked === undefined ? forms[0] : forms.find((f) => f.form === asked);
  if (!found)
    throw new UsageError("unknown-name", say`${named("form")} is unknown`, {
      got: String(asked),
      wanted: listed(forms.map((f) => f.form!)),
    });
  for (const [key, value] of Object.entries(given)) {
    const owner = forms.find((f) => Object.hasOwn(f.options.shape, key));
    if (!owner || value === undefined || Object.hasOwn(found.options.shape, key)) continue;
    const other = named(owner.form!);
    throw new UsageError(
      "conflict",
      say`${named(name)} has ${named(key)} only in the form ${other}`,
      { got: say`form ${named(found.form!)}` },
      say`leave it out, or choose the form ${other}`,
    );
  }
  return found;
}
