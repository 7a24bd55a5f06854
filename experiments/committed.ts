/** Reads a committed result for a page, and refuses one that its command did not write. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Before, beforeCommits } from "./before-commits.ts";
import { joinedCommits } from "./joined-commits.ts";
import { hashOf, isIntact } from "./seal.ts";

/** A result as it lies in its file. */
export interface Recorded<R> {
  readonly command: string;
  /** Absent in what was recorded before there was one; see before-commits.ts. */
  readonly commit?: string;
  readonly recorded?: string;
  readonly seconds?: number;
  readonly draft?: boolean;
  readonly seal?: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly rows: readonly (R & { readonly commit?: string })[];
}

/** Of which file, and what a page says of where it comes from. */
export interface Committed<R> extends Recorded<R> {
  readonly path: string;
  /** Where it comes from, in words. */
  readonly origin: string;
  /** For what carries no commit: the one that has it first as it stands, and what else there is to know. */
  readonly seen?: string;
  readonly flaw?: string;
}

const refusal = (path: string, what: string, command: string): Error =>
  new Error(`${path} ${what}.\nRun it again whole, at a clean commit: ${command}`);

/** By which a page names a commit. */
function named(commit: string): string {
  const short = commit.slice(0, 7);
  const joined = joinedCommits[short];
  return joined ? `\`${short}\` (joined into \`${joined}\`)` : `\`${short}\``;
}

/** One or several commits, in the order of the rows. */
const commits = ({ commit, rows }: Recorded<unknown>): string =>
  [...new Set([commit, ...rows.map((r) => r.commit)])].flatMap((c) => (c ? [named(c)] : [])).join(", ");

function originOf(path: string, text: string, r: Recorded<unknown>, command: string, before?: Before): string {
  const { cpu, cores, node, ...versions } = r.machine;
  const where = [cpu, `${cores} cores`, `Node.js ${node}`, ...Object.values(versions).flat()].join(", ");
  if (r.seal === undefined) {
    if (!before || before.sha256 !== hashOf(text))
      throw refusal(path, "carries no seal: nothing says which command wrote it", command);
    const flaw = before.flaw ? `; ${before.flaw}` : "";
    return `Recorded before results carried their commit, first seen in \`${before.seen}\`${flaw}. ${where}. To run it again: \`${command}\`.`;
  }
  if (!isIntact(r)) throw refusal(path, "was changed after it was written: its seal does not match", command);
  if (r.draft || !r.commit) throw refusal(path, "is a draft: its sources were not those of a commit", command);
  if (r.command !== command)
    throw refusal(path, `was written by \`${r.command}\`, not by the command that the page names`, command);
  const minutes = r.seconds === undefined ? "" : `, ${(r.seconds / 60).toFixed(0)} minutes`;
  return `\`${command}\` at commit ${commits(r)}, ${r.recorded?.slice(0, 10)}${minutes}. ${where}.`;
}

/**
 * A result by its path in the package, undefined where there is none.
 * @param command what must have written it
 * @param unsealed what is shown although it carries no commit
 * @throws Error that says how to make it again: for a file that was edited, that another command wrote or that is a draft
 */
export function committed<R>(
  path: string,
  command: string,
  root = process.cwd(),
  unsealed: Readonly<Record<string, Before>> = beforeCommits,
): Committed<R> | undefined {
  const file = join(root, path);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  // benchmarks called their rows results and had no settings, before they were recorded as the experiments are
  const read = JSON.parse(text) as Recorded<R> & { readonly results?: Recorded<R>["rows"] };
  const result = { ...read, rows: read.rows ?? read.results, settings: read.settings ?? {}, command };
  const { seen, flaw } = read.seal === undefined ? (unsealed[path] ?? {}) : {};
  return { ...result, path, origin: originOf(path, text, read, command, unsealed[path]), seen, flaw };
}
