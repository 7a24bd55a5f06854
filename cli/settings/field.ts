/**
 * A setting: what it may be, how it reads on the command line, what it is for. The same description serves flags,
 * `--set`, configuration files and help.
 */
import { z } from "zod";
import { camel, kebab } from "./names.ts";

export interface Field<T = unknown> {
  readonly schema: z.ZodType<T>;
  /** Completes "wanted: …". */
  readonly wanted: string;
  readonly help: string;
  /** Placeholder of the value in the help; null for a switch. */
  readonly value: string | null;
  /** Of a text that may be left out: its flag alone means yes. */
  readonly alone?: true;
  /** Of a switch that is on by itself: its flag is --no-…, and turns it off. */
  readonly on?: true;
  /** Of a switch that is decided where nobody says: what its flag --no-… is for. */
  readonly off?: string;
  /** The valid names, when there are few. */
  readonly choices?: readonly string[];
  /**
   * "place": where and how a run runs, which decides nothing of what is trained: it may differ when a run is resumed, and is the same for
   * all trials and methods. "problem": what methods are compared on, the same for all of them. Default: it decides what is trained.
   */
  readonly of?: "place" | "problem";
  /** As a JSON Schema, where its own cannot be one. */
  readonly accepts?: Readonly<Record<string, unknown>>;
  /** From text to what the schema checks. What cannot be read stays text, and the schema says so. */
  read(text: string): unknown;
}
export type Fields = Readonly<Record<string, Field>>;

/** Settings that are of this, by their names. */
export const allOf = <const F extends Fields>(of: NonNullable<Field["of"]>, fields: F): F =>
  Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, { ...field, of }])) as F;

/** The names of the settings that are of this. */
export const keysThatAre = <F extends Fields>(of: Field["of"], fields: F): (keyof F)[] =>
  Object.keys(fields).filter((key) => fields[key].of === of);

export type ValuesOf<F extends Fields> = { readonly [K in keyof F]?: z.output<F[K]["schema"]> };

export interface Range {
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
  readonly below?: number;
}

function inRange(schema: z.ZodNumber, { min, above, max, below }: Range): z.ZodNumber {
  let s = schema;
  if (min !== undefined) s = s.min(min);
  if (above !== undefined) s = s.gt(above);
  if (max !== undefined) s = s.max(max);
  if (below !== undefined) s = s.lt(below);
  return s;
}

function rangeText({ min, above, max, below }: Range): string {
  const parts = [
    min !== undefined ? `≥ ${min}` : "",
    above !== undefined ? `> ${above}` : "",
    max !== undefined ? `≤ ${max}` : "",
    below !== undefined ? `< ${below}` : "",
  ].filter(Boolean);
  return parts.length ? ` ${parts.join(" and ")}` : "";
}

const readNumber = (text: string): unknown => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));
/** "a,b" and, as in YAML, "[a,b]" */
const parts = (text: string): string[] => text.replace(/^\s*\[(.*)\]\s*$/, "$1").split(",");
const readNumbers = (text: string): unknown => parts(text).map((part) => readNumber(part));

export const numberField = (help: string, range: Range = {}): Field<number> => ({
  schema: inRange(z.number(), range),
  wanted: `a number${rangeText(range)}`,
  help,
  value: "x",
  read: readNumber,
});

export const integerField = (help: string, range: Range = {}): Field<number> => ({
  schema: inRange(z.int(), range),
  wanted: `an integer${rangeText(range)}`,
  help,
  value: "n",
  read: readNumber,
});

/** A number of something, or none of it. */
export const countOrOff = (help: string): Field<number | "off"> => ({
  schema: z.union([z.int().min(1), z.literal("off")]),
  wanted: "an integer ≥ 1, or off",
  help,
  value: "n|off",
  read: readNumber,
});

export const text = (help: string, value: string): Field<string> => ({
  schema: z.string().min(1),
  wanted: "text",
  help,
  value,
  read: (t) => t,
});

/** A switch that may say where. */
export const placeOrSwitch = (help: string, value: string): Field<boolean | string> => ({
  schema: z.union([z.boolean(), z.string().min(1)]),
  wanted: "nothing, or text",
  help,
  value,
  alone: true,
  read: (t) => (t === "true" ? true : t === "false" ? false : t),
});

/** A switch that may say a port. */
export const portOrSwitch = (help: string): Field<boolean | number> => ({
  schema: z.union([z.boolean(), z.int().min(0).max(65535)]),
  wanted: "nothing, or a port, 0 … 65535",
  help,
  value: "port",
  alone: true,
  read: (t) => (t === "true" ? true : t === "false" ? false : readNumber(t)),
});

export const toggle = (help: string): Field<boolean> => ({
  schema: z.boolean(),
  wanted: "true or false",
  help,
  value: null,
  read: (t) => (t === "true" ? true : t === "false" ? false : t),
});

/** A switch that is on, and that the flag turns off. */
export const turnedOff = (help: string): Field<boolean> => ({ ...toggle(help), on: true });

/** A switch that is neither on nor off by itself: one flag turns it on, --no-… turns it off. @param off what that one is for */
export const eitherWay = (help: string, off: string): Field<boolean> => ({ ...toggle(help), off });

/** Numbers in order, on the command line separated by commas. */
export const numberListField = (help: string, wanted: string, one: z.ZodNumber, length?: number): Field<number[]> => ({
  schema: length === undefined ? z.array(one) : z.array(one).length(length),
  wanted,
  help,
  value: "a,b,…",
  read: readNumbers,
});

/** A length in pixels, or height and width: "224", "224x160". */
export const imageSizeField = (help: string): Field<number | readonly [number, number]> => {
  const length = z.int().min(1).max(16384);
  const both = z.tuple([length, length]);
  const written = z // in a file as on the command line
    .string()
    .regex(/^\d+x\d+$/)
    .transform((t) => t.split("x").map(Number))
    .pipe(both);
  return {
    schema: z.union([length, both, written]),
    wanted: "pixels, as 224, or height and width, as 224x160 ([224, 160] in a file)",
    help,
    value: "size",
    read(t) {
      const [height, width, ...more] = t.split("x").map(readNumber);
      return width === undefined ? height : more.length > 0 ? t : [height, width];
    },
  };
};

/** Texts in order, on the command line separated by commas. */
export const texts = (help: string, value: string): Field<string[]> => ({
  schema: z.array(z.string().min(1)).min(1),
  wanted: "texts separated by commas",
  help,
  value,
  read: (t) => parts(t).map((part) => part.trim()),
});

const MILLISECONDS = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|us|µs|s)$/;
const IN_MS: Readonly<Record<string, number>> = { s: 1000, ms: 1, us: 1e-3, µs: 1e-3 };

/** A time, as "2ms", or a share of what there is, as 0.5. */
export const latencyField = (help: string): Field<number | string> => ({
  schema: z.union([z.number().gt(0).lt(1), z.string().regex(MILLISECONDS)]),
  wanted: "a time, as 2ms, or a share of the model's time, as 0.5",
  help,
  value: "time|share",
  read: readNumber,
});

/** What it says: milliseconds, or a share. */
export function latencySaid(value: number | string): { readonly ms: number } | { readonly keep: number } {
  if (typeof value === "number") return { keep: value };
  const [, n, unit] = MILLISECONDS.exec(value)!; // as the schema has it
  return { ms: Number(n) * IN_MS[unit] };
}

/** Sizes by their symbols: "height=256,width=256". */
export const sizesField = (help: string): Field<Record<string, number>> => ({
  schema: z.record(z.string(), z.int().min(1)),
  wanted: "names and sizes ≥ 1, as height=256,width=256",
  help,
  value: "name=n,…",
  read: (t) =>
    Object.fromEntries(parts(t).map((part) => [beforeEquals(part), readNumber(part.slice(part.lastIndexOf("=") + 1))])),
});
/** The model's names by those of the data: "input_ids=input.1,labels=logits". */
export const namesField = (help: string): Field<Record<string, string>> => ({
  schema: z.record(z.string().min(1), z.string().min(1)),
  wanted: "names, as input_ids=input.1,labels=logits",
  help,
  value: "column=name,…",
  read: (t) =>
    Object.fromEntries(parts(t).map((part) => [beforeEquals(part), part.slice(part.lastIndexOf("=") + 1).trim()])),
});
const beforeEquals = (part: string): string => part.slice(0, Math.max(0, part.lastIndexOf("="))).trim();

/** One of the library's names, in either spelling. */
export const choice = <const N extends string>(help: string, names: readonly N[]): Field<N> => ({
  schema: z.string().transform(camel).pipe(z.enum(names)),
  wanted: names.map(kebab).join(", "),
  help,
  value: names.length <= 3 ? names.map(kebab).join("|") : "name",
  choices: names.map(kebab),
  read: (t) => t,
});

const share = z.number().gt(0).max(1);
const strength = z.number().min(0).max(1);
const augmentSchema = z.strictObject({
  crop: z.int().min(0).optional(),
  flip: z.boolean().optional(),
  randomResizedCrop: z.tuple([share, share]).optional(),
  randAugment: z.strictObject({ operations: z.int().min(1), magnitude: z.number().min(0) }).optional(),
  colorJitter: z
    .union([
      strength,
      z.strictObject({
        brightness: strength.optional(),
        contrast: strength.optional(),
        saturation: strength.optional(),
        hue: z.number().min(0).max(0.5).optional(),
      }),
    ])
    .optional(),
  cutout: z.int().min(1).optional(),
  mixup: z.number().gt(0).optional(),
});

/** What several numbers behind one name are: `rand-augment=2:9`. */
const AUGMENT_PARTS: Readonly<Record<string, readonly string[]>> = {
  randAugment: ["operations", "magnitude"],
  colorJitter: ["brightness", "contrast", "saturation", "hue"],
};

function readAugment(name: string, value: string | undefined): unknown {
  if (value === undefined) return true;
  const numbers = value.split(":").map(readNumber);
  const keys = AUGMENT_PARTS[name];
  if (!keys) return numbers.length > 1 ? numbers : numbers[0];
  return name === "colorJitter" && numbers.length === 1
    ? numbers[0]
    : Object.fromEntries(numbers.map((n, i) => [keys[i] ?? "", n]));
}

/** How training images are varied. */
export const augmentation = (help: string): Field<"auto" | "none" | z.output<typeof augmentSchema>> => ({
  schema: z.union([z.enum(["auto", "none"]), augmentSchema]),
  wanted:
    "auto, none, or some of crop=4, flip, random-resized-crop=0.08:1, rand-augment=2:9, color-jitter=0.4 (or brightness:contrast:saturation:hue), cutout=16, mixup=0.2 ({ crop: 4, flip: true } in a file)",
  help,
  value: "how",
  read(t) {
    if (t === "auto" || t === "none") return t;
    const settings = t.split(",").map((part) => part.split("=").map((text) => text.trim()));
    return Object.fromEntries(settings.map(([k, v]) => [camel(k), readAugment(camel(k), v)]));
  },
});

/** How inputs are normalized: mean and standard deviation per channel, of values scaled to 0 … 1. */
export const normalization = (help: string): Field<"auto" | "none" | { mean: number[]; std: number[] }> => ({
  schema: z.union([
    z.enum(["auto", "none"]),
    z.strictObject({ mean: z.array(z.number()).min(1), std: z.array(z.number().positive()).min(1) }),
  ]),
  wanted: "auto, none, or MEAN/STD such as 0.1307/0.3081, one number per channel separated by commas",
  help,
  value: "how",
  read(t) {
    const [mean, std, ...more] = t.split("/");
    return std === undefined || more.length > 0 ? t : { mean: readNumbers(mean), std: readNumbers(std) };
  },
});
