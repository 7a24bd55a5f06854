/** What the system's codes of refusal mean, said once. */
import { EspalierError } from "../error.ts";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is too large",
  ENOTDIR: "a part of the path is a file, not a folder",
  EMFILE: "too many files are open",
};
const WHEN_READING: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
};
const WHEN_WRITING: Readonly<Record<string, string>> = {
  ENOENT: "no folder can be made there",
  EISDIR: "a folder has this name",
  EEXIST: "it exists and is not a folder",
};
const FULL: readonly string[] = ["ENOSPC", "EDQUOT"];

/** The system's code, such as "ENOENT"; "" for what has none. */
export const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? "");

/** A value in the place of what the system refuses by one of these codes; other errors stay errors. */
export const otherwise =
  <T>(codes: readonly string[], value: T) =>
  (error: unknown): T => {
    if (codes.includes(codeOf(error))) return value;
    throw error;
  };

/** Why the system refused, in words. */
export function systemReason(error: unknown, doing: "read" | "write"): string {
  const own = doing === "read" ? WHEN_READING : WHEN_WRITING;
  const code = codeOf(error);
  return own[code] ?? REASONS[code] ?? (error as Error).message.trim();
}

/** What helps against it. */
function systemFix(error: unknown, doing: "read" | "write"): string {
  if (FULL.includes(codeOf(error))) return "free space, or choose another place";
  return doing === "read" ? "check the path and its permissions" : "choose a place that can be written";
}

/**
 * The error for what the system refused to do.
 * @param what "read the file"
 * @param where the file or folder, under the label that suits it
 */
export const refused = (
  what: string,
  where: Readonly<Record<string, string>>,
  error: unknown,
  doing: "read" | "write",
): EspalierError =>
  new EspalierError(
    doing === "write" ? "unwritable" : "system",
    `cannot ${what}`,
    { ...where, reason: systemReason(error, doing) },
    systemFix(error, doing),
  );
