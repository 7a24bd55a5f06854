/** The settings as a JSON Schema, made of the same fields as flags and help: with it editors complete and check a configuration. */
import { z } from "zod";
import { compareFields } from "./compare-fields.ts";
import type { Field, Fields } from "./field.ts";
import { camel, kebab } from "./names.ts";
import { searchFields } from "./sweep-fields.ts";
import { trainFields } from "./train-fields.ts";

type Json = Readonly<Record<string, unknown>>;

/** What a value of a field may be in a file, where names may also be spelled as the library does. */
function valueSchema({ schema, choices, accepts }: Field): Json {
  if (accepts) return accepts;
  if (choices) return { enum: [...new Set([...choices, ...choices.map(camel)])] };
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" });
  return json;
}

const definitions = (fields: Fields): Json =>
  Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, { description: field.help, ...valueSchema(field) }]),
  );

const reference = (key: string): Json => ({ $ref: `#/$defs/${key}` });

/** Keys with dashes, as the flags are spelled, are as good; editors propose the others. */
const keyed = (fields: Fields, value: (key: string) => Json): Json => ({
  properties: Object.fromEntries(Object.keys(fields).map((key) => [key, value(key)])),
  patternProperties: Object.fromEntries(
    Object.keys(fields)
      .filter((key) => kebab(key) !== key)
      .map((key) => [`^${kebab(key)}$`, value(key)]),
  ),
  additionalProperties: false,
});

/**
 * The JSON Schema (draft 2020-12) of what `espalier train --config`, `compare --config` and `sweep --config` read: every setting with its
 * help, `methods` and `seeds` for comparisons, `space` and the rest of a search for sweeps.
 */
export function configurationSchema(): Json {
  const { methods, seeds } = compareFields;
  const searching = Object.fromEntries(
    Object.entries<Field>(searchFields).map(([key, field]) => [key, { ...field, help: `sweep: ${field.help}` }]),
  );
  const ofMethod = { type: "object", ...keyed(trainFields, (key) => ({ anyOf: [reference(key), { type: "null" }] })) };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Settings of espalier train, espalier compare and espalier sweep",
    type: "object",
    ...keyed({ ...trainFields, seeds, methods, ...searchFields }, reference),
    $defs: {
      ...definitions({ ...trainFields, seeds: { ...seeds, help: `compare: ${seeds.help}` } }),
      ...definitions(searching),
      methods: {
        description: `compare: ${methods.help}; settings of a method win over the shared ones, null takes a shared one away`,
        type: "object",
        minProperties: 1,
        additionalProperties: { anyOf: [reference("settingsOfOneMethod"), { type: "null" }] },
      },
      settingsOfOneMethod: ofMethod,
    },
  };
}
