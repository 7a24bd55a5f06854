/** What is said of an image file that cannot be used. */
import { EspalierError } from "../../error.ts";
import { option, say } from "../../message.ts";
import { codeOf, systemReason } from "../system-error.ts";
import { some } from "./parts.ts";

/** What sharp says in words of its own; the rest is libvips', whose words are of whichever image met them last, and many are read at once. */
const SHARPS_OWN = /^Input (image exceeds|buffer contains unsupported)/;

/** Why, in a line; a reason that is known is one already. */
function brokenReason(error: unknown): string {
  if (typeof error === "string") return error;
  if (codeOf(error).startsWith("E")) return systemReason(error, "read");
  if (!(error instanceof EspalierError)) {
    const [line] = String((error as Error).message).split("\n");
    return SHARPS_OWN.test(line) ? line.trim() : "the file is damaged or cut short";
  }
  const { got, wanted } = error.details;
  return `${error.what}${got === undefined ? "" : `: ${got}`}${wanted === undefined ? "" : `, wanted ${wanted}`}`;
}

/**
 * The error that names the file, of what was thrown or of a reason that is known. A problem of the program's surroundings, such as a
 * package that lacks, stays what it is.
 */
export function brokenImage(file: string, error: unknown): EspalierError {
  if (error instanceof EspalierError && (error.code === "missing" || error.details["file"] !== undefined)) return error;
  const known = error instanceof EspalierError ? error : undefined;
  return new EspalierError(
    known?.code ?? "invalid-file",
    known?.what ?? "the image cannot be read",
    { file, ...(known ? known.details : { reason: brokenReason(error) }) },
    known?.fix ?? say`get the file again or remove it; ${option("skipBroken")} leaves out all such files`,
  );
}

/** Why an image is left out; what no image can help is thrown. */
export function whyLeftOut(error: unknown): string {
  if (error instanceof EspalierError && (error.code === "missing" || error.what.toString().includes("cache")))
    throw error;
  const { details } = error as EspalierError;
  return typeof details?.["reason"] === "string" ? details["reason"] : brokenReason(error);
}

/** @param left the images that are left out, each with its reason */
export const leftNote = (left: readonly string[]): string =>
  `${left.length} broken ${left.length === 1 ? "image is" : "images are"} left out: ${some(left, 10)}`;
