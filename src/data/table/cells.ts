/** What single values of a table are. */

/** Texts that stand for nothing, in any case: what spreadsheets, R, pandas and the UCI files write. */
const MISSING = new Set(["", "na", "n/a", "nan", "null", "none", "?"]);

export const isMissing = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (typeof value === "number" && Number.isNaN(value)) ||
  (typeof value === "string" && MISSING.has(value.trim().toLowerCase()));

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** The number that a text is; undefined if it is none. */
export function numberInCell(text: string): number | undefined {
  const trimmed = text.trim();
  return NUMBER.test(trimmed) ? Number(trimmed) : undefined;
}

/** "3,14" and "1.234,5" */
export const hasDecimalComma = (text: string): boolean => /^\s*[-+]?\d{1,3}(\.?\d{3})*,\d+\s*$/.test(text);
/** "1,234.5" and "1,234,567" */
export const hasThousands = (text: string): boolean => /^\s*[-+]?\d{1,3}(,\d{3})+(\.\d+)?\s*$/.test(text);

/** What a value is, in a message. */
export function shownCell(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Date) return `the time ${value.toJSON()}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
