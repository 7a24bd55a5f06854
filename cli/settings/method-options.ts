/** The options of methods as settings: which there are, whose they are, and the way from settings to options and back. */
import { type Defaults, type OptionSpec, optionSpecs } from "espalier";
import type { z } from "zod";

/** An option of one method, or of one form of it. */
export interface OptionOwner {
  readonly name: string;
  /** Where not all forms have the option alike. */
  readonly form?: string;
  readonly spec: OptionSpec;
  /** Its value in a run with composed layers, where it differs. */
  readonly composed?: unknown;
}

/** A method, or one form of it. */
interface Told {
  readonly name: string;
  readonly form?: string;
  readonly options: z.ZodObject;
  readonly defaults?: Defaults;
}

/** Every option with the methods that have it; a part of an option stands for itself. */
export function ownersOf(methods: Iterable<Told>): ReadonlyMap<string, readonly OptionOwner[]> {
  const found = new Map<string, OptionOwner[]>();
  const add = (key: string, owner: OptionOwner) => found.set(key, [...(found.get(key) ?? []), owner]);
  for (const { name, form, options, defaults } of methods)
    for (const [key, spec] of Object.entries(optionSpecs(options))) {
      add(key, { name, form: key === "form" ? undefined : form, spec, composed: defaults?.composed?.[key] });
      for (const [part, own] of Object.entries(partsOf(spec)))
        add(part, { name, form, spec: { ...own, description: `${key} ${part}: ${own.description}` } });
    }
  return found;
}

/** The settings that options are spelled by. */
export const optionSettings = (options: z.ZodObject): string[] => [...ownersOf([{ name: "", options }]).keys()];

/** The parts of an option that may be a record. */
function partsOf(spec: OptionSpec): Readonly<Record<string, OptionSpec>> {
  return Object.assign({}, ...(spec.anyOf ?? []).map((s) => s.properties ?? {}));
}

/** From settings to the options of a method; what it does not have is left out. */
export function methodOptions(
  options: z.ZodObject,
  settings: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const given = Object.entries(optionSpecs(options)).map(([key, spec]) => {
    const value = settings[key];
    const part = typeof value === "string" ? partsOf(spec)[value] : undefined;
    return [key, part ? { [value as string]: settings[value as string] ?? part.start } : value];
  });
  return Object.fromEntries(given);
}

/** The same way back. */
export const spelledOptions = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.assign(
    {},
    ...Object.entries(options).map(([key, value]) => {
      const record = typeof value === "object" && value !== null && !Array.isArray(value);
      return record ? { [key]: Object.keys(value)[0], ...value } : { [key]: value };
    }),
  );
