/** What a trial is called by. */
import { anObject, wants } from "../../given.ts";

/** Hexadecimal digits: 64 bits, so that a million trials collide with a chance below 1e-7. */
const DIGITS = 16;

/** Keys in their order, whatever order they were said in. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}

/** The hash of a resolved configuration: the first 16 hexadecimal digits of SHA-256 over its JSON with sorted keys. */
export async function trialKey(config: Readonly<Record<string, unknown>>): Promise<string> {
  wants("trialKey", ["config", anObject, config]);
  const text = new TextEncoder().encode(JSON.stringify(sorted(JSON.parse(JSON.stringify(config)))));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return [...hash]
    .map((b) => b.toString(16).padStart(2, "0"))
    .join("")
    .slice(0, DIGITS);
}
