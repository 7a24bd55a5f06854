/**
 * What a method says of itself: words, and its options as one schema. The schema gives the TypeScript type of the options, their
 * checks, the settings of the command line and the tables of the documents, so that an option is described in one place.
 */

import { z } from "zod";
import { checkFloat } from "./checks.ts";
import { UsageError } from "./error.ts";
import { anObject, wants } from "./given.ts";
import { listed, named, say, type Words } from "./message.ts";
import { nearest } from "./nearest.ts";

/** What documents say of a method. */
export interface Description {
  /** The paper, with its number at arXiv where that is all there is. */
  readonly source: string;
  /** What it solves, in one or two lines of mathematics. */
  readonly minimizes: string;
  readonly when: string;
  /** The settings that the paper states or its code has. */
  readonly paper: string;
  /** Settings of a small run that shows how it behaves; docs/methods.md has its chart. */
  readonly demo: Readonly<Record<string, unknown>>;
}

/**
 * One option as data: JSON Schema, with what this library adds to it. In a schema `.describe(…)` says what an option is for and
 * `.meta({ … })` the rest.
 */
export interface OptionSpec {
  readonly description?: string;
  readonly default?: unknown;
  /** What the paper takes, where that is not the default. */
  readonly paper?: string;
  /** A value to begin with, where there is no default. */
  readonly start?: unknown;
  /** Completes "wanted: …" where the schema does not say it. */
  readonly wanted?: string;
  /** What to do about a wrong value. */
  readonly fix?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: OptionSpec | false;
  readonly prefixItems?: readonly OptionSpec[];
  readonly anyOf?: readonly OptionSpec[];
  readonly properties?: Readonly<Record<string, OptionSpec>>;
}

/** Every option of a schema as data, by name. */
export function optionSpecs(options: z.ZodObject): Readonly<Record<string, OptionSpec>> {
  wants("optionSpecs", ["options", anObject, options], ["options.shape", anObject, options, "shape"]);
  return Object.fromEntries(Object.entries(options.shape).map(([name, schema]) => [name, specOf(schema)]));
}

const specOf = (schema: z.core.$ZodType): OptionSpec => z.toJSONSchema(schema, { io: "input" }) as OptionSpec; // a subset

/** Who is asked: for messages. */
export interface Asked {
  readonly name: string;
  /** Its form, where it has several. */
  readonly form?: string;
  /** What others call one of its options: `{ momentum: "c" }`. */
  readonly renames?: Readonly<Record<string, string>>;
}

/** A typed array as a list: schemas freeze what they pass on, and a typed array cannot be frozen. */
const listOf = (value: unknown): unknown =>
  ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Float64Array) : value;

/**
 * The options with every default filled in, none undefined.
 * @throws UsageError naming an option that there is not, is missing or has a wrong value
 */
export function parseOptions<O extends z.ZodObject>(asked: Asked, options: O, given: object): z.output<O> {
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const said = Object.fromEntries(present.map(([key, value]) => [key, listOf(value)]));
  const result = options.safeParse(said);
  if (result.success) {
    for (const [key, value] of Object.entries(said)) if (typeof value === "number") checkFloat(key, value);
    return result.data;
  }
  const [issue] = result.error.issues;
  if (issue.code === "unrecognized_keys") throw noOption(asked, options, issue.keys[0], said);
  throw wrongOption(asked, options, issue, said);
}

function noOption({ name, form, renames }: Asked, options: z.ZodObject, key: string, said: Record<string, unknown>) {
  const own = Object.keys(options.shape);
  const instead = renames?.[key];
  const near = nearest(key, own);
  const fix = instead
    ? say`use ${named(instead)}: it plays the part of ${named(key)} in ${named(name)}`
    : near
      ? say`leave it out, or say ${named(near)}`
      : "leave it out";
  const has = own.length > 0 ? listed(own) : "no options";
  return new UsageError(
    "conflict",
    form
      ? say`${named(name)} has no ${named(key)} in the form ${named(form)}`
      : say`${named(name)} has no ${named(key)}`,
    { got: say`${named(key)} ${shown(said[key])}`, "it has": has },
    fix,
  );
}

/** A value as it was given; JSON has no big integers. */
const shown = (value: unknown): string => JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}n` : v));

function wrongOption({ name }: Asked, options: z.ZodObject, issue: z.core.$ZodIssue, said: Record<string, unknown>) {
  const [key, ...inside] = issue.path as string[];
  const spec = specOf(options.shape[key]);
  if (!(key in said))
    return new UsageError("missing", say`${named(name)} wants ${named(key)}`, { wanted: wantedText(spec) }, spec.fix);
  const asks = inside.reduce((outer, part) => partOf(outer, part) ?? outer, spec);
  const at = inside.reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], said[key]);
  const place = inside.map((p) => (typeof p === "number" ? `[${p}]` : `.${p}`)).join("");
  const option = say`${named(key)}${place}`;
  const got = typeof at === "string" || typeof at === "number" ? at : shown(at);
  if (asks.enum ?? asks.anyOf)
    return new UsageError("unknown-name", say`${option} is unknown`, { got, wanted: wantedText(asks) }, spec.fix);
  if (isNumeric(asks))
    return new UsageError("out-of-range", say`${option} is out of range`, { got, wanted: wantedText(asks) }, spec.fix);
  const whole = said[key];
  return new UsageError(
    "out-of-range",
    say`${named(key)} must be ${String(wantedText(spec))}`,
    { got: Array.isArray(whole) ? whole.join(", ") : shown(whole) },
    spec.fix,
  );
}

/** What is said of a part of a value; nothing where one thing is said of them all. */
const partOf = ({ prefixItems, anyOf = [], properties }: OptionSpec, part: string): OptionSpec | undefined =>
  prefixItems?.[Number(part)] ?? properties?.[part] ?? anyOf.find((s) => s.properties?.[part])?.properties?.[part];

const isNumeric = ({ type }: OptionSpec): boolean => type === "number" || type === "integer";

/** What an option may be, in words. */
function wantedText(spec: OptionSpec): Words {
  if (spec.wanted) return spec.wanted;
  if (spec.enum) return listed(spec.enum);
  if (spec.anyOf) return spec.anyOf[0].enum ? listed(spec.anyOf[0].enum) : "another value"; // names stand first
  if (isNumeric(spec)) return rangeText(spec);
  if (spec.type === "boolean") return "true or false";
  return spec.type ?? "another value";
}

function rangeText({ type, exclusiveMinimum: above, exclusiveMaximum: below, ...spec }: OptionSpec): string {
  const [min, max] = [spec.minimum, spec.maximum].map((x) =>
    Number.isSafeInteger(x) && Math.abs(x!) === Number.MAX_SAFE_INTEGER ? undefined : x,
  );
  const what = type === "integer" ? "an integer" : "a number";
  const low = above !== undefined ? `(${above}` : min !== undefined ? `[${min}` : undefined;
  const high = below !== undefined ? `${below})` : max !== undefined ? `${max}]` : undefined;
  if (low && high) return type === "integer" ? `an integer in ${low}, ${high}` : `${low}, ${high}`;
  if (low) return `${what} ${above !== undefined ? ">" : "≥"} ${above ?? min}`;
  if (high) return `${what} ${below !== undefined ? "<" : "≤"} ${below ?? max}`;
  return what;
}
