/** What a file's values were before they were read in float32: kept in the metadata of the files that are written of it. */
import type { DType } from "../../graph/types.ts";
import type { WireMessage } from "../schema.ts";

type Property = WireMessage<"StringStringEntryProto">;

/** What values were stored, fed, handed out or cast as, by name, where that was another float than float32. */
export type StoredPrecision = ReadonlyMap<string, DType>;

/** Floats other than float32. */
export const OTHER_FLOATS: readonly DType[] = ["float16", "bfloat16", "float64"];

const KEY = "espalier.precision";

export const isPrecision = ({ key }: Property): boolean => key === KEY;

/** Metadata of a float32 file: names by what they were. Nothing, where all was float32. */
export function precisionProperties(precision: StoredPrecision | undefined): readonly Property[] {
  if (!precision?.size) return [];
  const names = OTHER_FLOATS.map(
    (dtype) => [dtype, [...precision].flatMap(([name, was]) => (was === dtype ? [name] : []))] as const,
  );
  return [{ key: KEY, value: JSON.stringify(Object.fromEntries(names.filter(([, list]) => list.length > 0))) }];
}

/** What a file's metadata says of it; of another form, nothing. */
export function precisionOf(properties: readonly Property[]): StoredPrecision {
  const text = properties.find(isPrecision)?.value;
  const found = new Map<string, DType>();
  const said = parsed(text);
  for (const dtype of OTHER_FLOATS)
    for (const name of listIn(said, dtype)) if (typeof name === "string") found.set(name, dtype);
  return found;
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "{}");
  } catch (e) {
    if (e instanceof SyntaxError) return {}; // somebody else's
    throw e;
  }
}

function listIn(said: unknown, key: string): readonly unknown[] {
  const list =
    typeof said === "object" && said !== null ? Object.entries(said).find(([k]) => k === key)?.[1] : undefined;
  return Array.isArray(list) ? list : [];
}
