/** The notation of the tables in this folder, and how it is read. */
import type { AttrType } from "../../graph/op.ts";
import type { Families } from "../../graph/ops/index.ts";
import type { DType } from "../../graph/types.ts";

/**
 * The forms of every operator of a family, oldest first, with `;` between them. Forms of before opset 9 stand under their own number.
 * A form is three parts with `|` between them; a part that is empty is as in the form before:
 * - the first opset, and the types of its inputs and outputs, `7 T T int64? -> T`: a variable of the second part, or an element
 *   type; `?` may be left out, `*` any number;
 * - the element types of each variable, of those that Espalier holds, by their names or by the words below;
 * - its attributes and their types, `axis:int`; `!` must be given, `opaque` = of a type that Espalier does not interpret;
 *   after `+` those that are new, `-` none any more.
 */
export type FormsOf<F extends keyof Families> = Readonly<Record<Families[F], string>>;

/** Inputs or outputs. */
export interface Slots {
  /** The variable or element type of each; the last one again for all that follow it, if `more`. */
  readonly kinds: readonly string[];
  readonly optional: readonly boolean[];
  readonly more: boolean;
}

/** An operator as it is from one opset on. */
export interface OpForm {
  readonly since: number;
  readonly inputs: Slots;
  readonly outputs: Slots;
  /** Element types that a variable or a name stands for. */
  readonly types: ReadonlyMap<string, ReadonlySet<DType>>;
  readonly attrs: ReadonlyMap<string, { readonly type: AttrType | "opaque"; readonly required: boolean }>;
}

const float: readonly DType[] = ["float16", "float32", "float64"];
const int: readonly DType[] = ["int8", "int16", "int32", "int64"];
const uint: readonly DType[] = ["uint8", "uint16", "uint32", "uint64"];
const number = [...float, ...int, ...uint];
const words: ReadonlyMap<string, readonly DType[]> = new Map([
  ["float", float],
  ["floats", [...float, "bfloat16"]],
  ["int", int],
  ["uint", uint],
  ["wide", ["int32", "int64", "uint32", "uint64"]],
  ["number", number],
  ["numbers", [...number, "bfloat16"]],
  ["some", [...number, "bool"]],
  ["all", [...number, "bfloat16", "bool"]],
]);

const wordsOf = (text: string): string[] => text.split(" ").filter((w) => w !== "");
const typesOf = (named: readonly string[]): ReadonlySet<DType> =>
  new Set(named.flatMap((w) => words.get(w) ?? [w as DType]));

function slotsOf(text: string): Slots {
  const all = wordsOf(text);
  return {
    kinds: all.map((w) => w.replace(/[?*]$/, "")),
    optional: all.map((w) => w.endsWith("?")),
    more: all.at(-1)?.endsWith("*") ?? false,
  };
}

function formOf(since: number, wiring: string, typed: string, attrs: readonly string[]): OpForm {
  const [inputs, outputs] = wiring.split("->").map(slotsOf);
  const named = [...inputs.kinds, ...outputs.kinds].map((k): [string, ReadonlySet<DType>] => [k, typesOf([k])]);
  const variables = typed.split(",").map((text): [string, ReadonlySet<DType>] => {
    const [variable = "", ...types] = wordsOf(text);
    return [variable, typesOf(types)];
  });
  return {
    since,
    inputs,
    outputs,
    types: new Map([...named, ...variables]),
    attrs: new Map(
      attrs.toSorted().map((a) => {
        const [key, type] = a.split(":");
        return [key.replace("!", ""), { type: type as AttrType | "opaque", required: key.endsWith("!") }];
      }),
    ),
  };
}

/** The forms that a text of the tables says. */
export function formsFrom(text: string): readonly OpForm[] {
  let [wiring, types] = ["", ""];
  let attrs: readonly string[] = [];
  return text.split(";").map((form) => {
    const [first, typed = "", listed = ""] = form.split("|");
    const [since, ...wired] = wordsOf(first);
    const [sign, ...rest] = wordsOf(listed);
    wiring = wired.join(" ") || wiring;
    types = typed.trim() || types;
    if (sign === "+") attrs = [...attrs, ...rest];
    else if (sign) attrs = sign === "-" ? [] : [sign, ...rest];
    return formOf(Number(since), wiring, types, attrs);
  });
}
