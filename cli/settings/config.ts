/** Settings from flags, `--set` and files: merged in that order of precedence, every key checked by its field. */
import { readFile, stat } from "node:fs/promises";
import { count, didYouMean, UsageError } from "espalier";
import { systemReason } from "espalier/node";
import { z } from "zod";
import type { Field, Fields, ValuesOf } from "./field.ts";
import { camel, kebab } from "./names.ts";
import { yamlValue } from "./yaml.ts";

/** Where values come from, later ones winning. */
export interface SettingSource {
  /** How a key of this source is called in messages. */
  readonly label: (key: string) => string;
  readonly values: Readonly<Record<string, unknown>>;
  /** The values as they were typed, for messages. */
  readonly typed?: Readonly<Record<string, unknown>>;
}

/** The values that were given on the command line, as text (true for a switch). */
export function fromFlags(fields: Fields, given: Readonly<Record<string, unknown>>): SettingSource {
  const values = Object.entries(given)
    .filter(([key, v]) => Object.hasOwn(fields, key) && v !== undefined)
    .map(([key, v]) => [key, typeof v === "string" ? fields[key].read(v) : v]);
  return { label: (key) => `--${kebab(key)}`, values: Object.fromEntries(values), typed: given };
}

/** `--set path=value`, several times. A path is a key, or key.part for a setting that has parts. */
export function fromAssignments(fields: Fields, assignments: readonly string[]): SettingSource {
  const values: Record<string, unknown> = {};
  const label = (key: string) => `--set ${kebab(key)}`;
  for (const assignment of assignments) {
    const at = assignment.indexOf("=");
    if (at < 1)
      throw new UsageError("missing", "--set wants path=value", { got: assignment }, "for example --set lambda=1e-4");
    const [head, part, ...deeper] = assignment.slice(0, at).split(".");
    const key = camel(head);
    const field = known(fields, key, label(head));
    const value = assignment.slice(at + 1);
    if (part === undefined) values[key] = field.read(value);
    else if (deeper.length > 0) throw new UsageError("out-of-range", "--set goes one level deep", { got: assignment });
    else values[key] = { ...(values[key] as object), [part]: yamlValue(value, { where: `--set ${assignment}` }) };
  }
  return { label, values };
}

/** Bytes that a file of settings may have: far more than any has, and what is no such file is not read to its end. */
const LARGEST = 1_000_000;

async function configText(path: string): Promise<string> {
  const refused = (reason: string) =>
    new UsageError(
      "system",
      "the configuration file cannot be read",
      { file: path, reason },
      "--config wants a YAML or JSON file of settings",
    );
  try {
    const found = await stat(path);
    if (!found.isFile()) throw refused(found.isDirectory() ? "it is a folder" : "it is no regular file");
    if (found.size > LARGEST) throw refused(`it has ${count(found.size)} bytes, settings at most ${count(LARGEST)}`);
    return await readFile(path, "utf8");
  } catch (e) {
    throw e instanceof UsageError ? e : refused(systemReason(e, "read"));
  }
}

/** A YAML or JSON file of settings. */
export async function fromFile(path: string): Promise<SettingSource> {
  const values = yamlValue(await configText(path), { file: path }) ?? {};
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw new UsageError("invalid-file", "a configuration file holds keys and values", {
      file: path,
      wanted: "for example  lambda: 1e-4",
    });
  const given = Object.entries(values);
  const written = new Map(given.map(([key]) => [camel(key), key]));
  return {
    label: (key) => `${path}: ${written.get(key) ?? key}`,
    values: Object.fromEntries(given.map(([key, v]) => [camel(key), v])),
  };
}

/** @throws UsageError naming the setting, what was got and what was wanted, or the nearest name */
export function settings<F extends Fields>(fields: F, sources: readonly SettingSource[]): ValuesOf<F> {
  const merged: Record<string, unknown> = {};
  const origin: Record<string, string> = {};
  const typed: Record<string, unknown> = {};
  for (const { label, values, typed: given } of sources)
    for (const [key, value] of Object.entries(values)) {
      known(fields, key, label(key));
      merged[key] = isObject(value) && isObject(merged[key]) ? { ...merged[key], ...value } : value;
      origin[key] = label(key);
      typed[key] = given?.[key] ?? merged[key];
    }
  const shape = Object.fromEntries(Object.entries(fields).map(([k, f]) => [k, f.schema.optional()]));
  const result = z.strictObject(shape).safeParse(merged);
  if (result.success) return result.data as ValuesOf<F>;
  const key = String(result.error.issues[0].path[0]);
  throw wrongValue(fields[key], key, origin[key], typed[key]);
}

/** Where settings stand, for messages. */
export interface Origins {
  /** The file of most of them, which should have had what is missing. */
  readonly file: string;
  /** Where a setting, or a part of it, comes from: "c.yaml: epochs", "--set epochs". */
  of(key: string, part?: string): string;
}

const path = (key: string, part?: string): string => (part === undefined ? key : `${key}.${part}`);

/** Of settings that all stand in one file. */
export const fileOrigins = (file: string): Origins => ({ file, of: (...at) => `${file}: ${path(...at)}` });

/** Of settings that were merged from these sources. */
export const mergedOrigins = (file: string, sources: readonly SettingSource[]): Origins => ({
  file,
  of(key, part) {
    const has = (x: unknown, name: string) => isObject(x) && Object.hasOwn(x, name);
    const from = sources.findLast((s) => has(s.values, key) && (part === undefined || has(s.values[key], part)));
    return from?.label(path(key, part)) ?? path(key, part);
  },
});

const isObject = (x: unknown): x is object => typeof x === "object" && x !== null && !Array.isArray(x);

function known(fields: Fields, key: string, where: string): Field {
  if (Object.hasOwn(fields, key)) return fields[key];
  throw new UsageError(
    "unknown-name",
    `there is no setting "${kebab(key)}"`,
    { where },
    didYouMean(key, Object.keys(fields), kebab),
  );
}

function wrongValue(field: Field, key: string, where: string, value: unknown): UsageError {
  const got = typeof value === "string" ? value : JSON.stringify(value);
  const details = { where, got: got === "" ? '""' : got, wanted: field.wanted };
  const isName = field.choices && typeof value === "string";
  return new UsageError(
    isName ? "unknown-name" : "out-of-range",
    isName ? `unknown ${kebab(key)} "${value}"` : `${kebab(key)} cannot be ${got === "" ? "empty" : got}`,
    details,
    isName ? didYouMean(value, field.choices, kebab) : undefined,
  );
}
