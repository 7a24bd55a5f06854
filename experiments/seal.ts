/**
 * A result is sealed by whoever writes it: SHA-256 over everything else in the file, in one canonical spelling. It keeps no secret —
 * it notices that a file is not what its command wrote: a mended figure, a row moved from another run, a bad merge.
 */
import { createHash } from "node:crypto";

/** JSON with the keys of every object in order and no spaces. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(",")}}`;
}

export const hashOf = (text: string | Uint8Array): string => createHash("sha256").update(text).digest("hex");

const sealOf = (content: object): string => hashOf(canonical(content));

/** The text of a file: the content as JSON, its seal last. What JSON cannot say (undefined) is left out before it is sealed. */
export function sealed(content: object): string {
  const plain: object = JSON.parse(JSON.stringify(content));
  return `${JSON.stringify({ ...plain, seal: sealOf(plain) }, null, 2)}\n`;
}

/** Whether a file that was read is as it was written; undefined where it was never sealed. */
export function isIntact(file: { readonly seal?: string }): boolean | undefined {
  const { seal, ...content } = file;
  return seal === undefined ? undefined : seal === sealOf(content);
}
