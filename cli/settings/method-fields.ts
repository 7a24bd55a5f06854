/** The settings that methods bring, made of what their files say: one per option, merged where several methods have one of its name. */
import { type OptimizerMethod, type OptionSpec, optimizers, type PenaltyMethod, penalties } from "espalier";
import { z } from "zod";
import { choice, type Field, integerField, numberField, numberListField, type Range, texts, toggle } from "./field.ts";
import { help } from "./method-help.ts";
import { type OptionOwner, ownersOf } from "./method-options.ts";

/** What each optimizer may be told, in each of its forms, and what each penalty. */
type ToOptimizers = z.output<(typeof optimizers)[keyof typeof optimizers]["forms"][number]["options"]>;
type ToPenalties = z.output<(typeof penalties)[keyof typeof penalties]["options"]>;

type Key<T> = T extends unknown ? (string extends keyof T ? never : keyof T) : never; // one may have none
type Value<T, K> = T extends unknown ? (K extends Key<T> ? Exclude<T[K], undefined> : never) : never;
type Values<T> = { readonly [K in Key<T>]: Value<T, K> }[Key<T>];
/** The options that are records: `{ block: [4, 4] }` is the choice "block", and a setting `block` of its own. */
type Parts<V> = V extends readonly unknown[] ? never : V extends object ? V : never;
type Spelled<V> = V extends readonly unknown[] ? V : V extends object ? keyof V : V;
/** A field for every option. */
type FieldsFor<T> = { readonly [K in Key<T>]: Field<Spelled<Value<T, K>>> } & {
  readonly [P in keyof Parts<Values<T>>]: Field<Parts<Values<T>>[P]>;
};

/** The range that holds the ranges of all. */
function widest(specs: readonly OptionSpec[]): Range {
  const low = specs.map((s) => s.exclusiveMinimum ?? s.minimum ?? Number.NEGATIVE_INFINITY);
  const high = specs.map((s) => s.exclusiveMaximum ?? s.maximum ?? Number.POSITIVE_INFINITY);
  const [min, max] = [Math.min(...low), Math.max(...high)];
  const closed = (end: number, key: "minimum" | "maximum") => specs.some((s) => s[key] === end);
  return {
    ...(min > Number.MIN_SAFE_INTEGER && { [closed(min, "minimum") ? "min" : "above"]: min }),
    ...(max < Number.MAX_SAFE_INTEGER && { [closed(max, "maximum") ? "max" : "below"]: max }),
  };
}

const oneOf = (range: Range, whole: boolean): z.ZodNumber => {
  let schema: z.ZodNumber = whole ? z.int() : z.number();
  if (range.min !== undefined) schema = schema.min(range.min);
  if (range.above !== undefined) schema = schema.gt(range.above);
  if (range.max !== undefined) schema = schema.max(range.max);
  if (range.below !== undefined) schema = schema.lt(range.below);
  return schema;
};

/** The names that an option may be, those of its forms with parts behind the plain ones. */
const choices = ({ enum: names = [], const: only, anyOf = [], properties = {} }: OptionSpec): string[] => [
  ...names,
  ...(only === undefined ? [] : [only]),
  ...anyOf.flatMap(choices),
  ...Object.keys(properties),
];

/** What text is read as, by the kind of the option. */
function fieldOf(owners: readonly OptionOwner[], methods: number): Field {
  const specs = owners.map((o) => o.spec);
  const [first] = specs;
  const about = help(owners, methods);
  const names = [...new Set(specs.flatMap(choices))];
  if (names.length > 0) return choice(about, names);
  if (first.type === "boolean") return toggle(about);
  if (first.type === "integer") return integerField(about, widest(specs));
  if (first.type === "number") return numberField(about, widest(specs));
  const one = first.prefixItems?.[0] ?? (first.items || {});
  if (one.type === "string") return texts(about, "a,b.*,…");
  return numberListField(
    about,
    first.wanted ?? "numbers",
    oneOf(widest([one]), one.type === "integer"),
    first.prefixItems?.length,
  );
}

const formsOfAll = Object.values(optimizers).flatMap((o: OptimizerMethod) =>
  o.forms.map((form) => ({ ...form, name: o.name })),
);
const penaltyOptions = Object.values(penalties).map(({ name, options }: PenaltyMethod) => ({ name, options }));

const fieldsOf = (owners: ReadonlyMap<string, readonly OptionOwner[]>, methods: number) =>
  Object.fromEntries([...owners].map(([key, all]) => [key, fieldOf(all, methods)]));

/** The settings that optimizers have, typed by their schemas. */
export const optimizerFields = fieldsOf(
  ownersOf(formsOfAll),
  Object.keys(optimizers).length,
) as FieldsFor<ToOptimizers>;
/** The settings that penalties have. */
export const penaltyFields = fieldsOf(
  ownersOf(penaltyOptions),
  Object.keys(penalties).length,
) as FieldsFor<ToPenalties>;
