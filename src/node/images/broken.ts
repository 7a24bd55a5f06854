/** What is said of an image file that cannot be used. */
import { EspalierError } from "../../error.ts";
import { option, say } from "../../message.ts";
import { codeOf, systemReason } from "../system-error.ts";

/** Why, in a line. */
export function brokenReason(error: unknown): string {
  if (codeOf(error).startsWith("E")) return systemReason(error, "read");
  if (!(error instanceof EspalierError)) {
    const lines = (error instanceof Error ? error.message : String(error)).split("\n").map((line) => line.trim());
    const own = lines.map((line) => line.replace(/^Input buffer has corrupt header:\s*|^Vips\w*:\s*/, ""));
    return own.find((line) => line !== "") ?? lines[0];
  }
  const { got, wanted } = error.details;
  return `${error.what}${got === undefined ? "" : `: ${got}`}${wanted === undefined ? "" : `, wanted ${wanted}`}`;
}

/** The error that names the file. A problem of the program's surroundings, such as a package that lacks, stays what it is. */
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
