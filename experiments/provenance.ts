/**
 * Where a result comes from: the commit whose build is running, the command, the machine. Whatever could not be run again from the
 * commit alone — changed sources, a build that is older than they are — is a draft.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

/** What a figure can depend on. */
const FOLDERS = ["src", "cli", "experiments", "bench"];
const FILES = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
const RESULTS = [":!experiments/results", ":!bench/results", ":!campaign/results"];

const git = (root: string, ...args: string[]): string =>
  execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

/** The commit that is checked out. @throws Error outside of a clone */
function commitOf(root: string): string {
  try {
    return git(root, "rev-parse", "HEAD");
  } catch {
    throw new Error(`${root} is no clone with git at hand, so no commit can be recorded`);
  }
}

/** Source files that are newer than what was built from them, or were never built. */
function unbuilt(root: string, folders: readonly string[]): string[] {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
        .map((file) => join(folder, file))
        .filter((file) => {
          const built = join(root, "dist", file.replace(/\.ts$/, ".js"));
          return !existsSync(built) || statSync(built).mtimeMs < statSync(join(root, file)).mtimeMs;
        }),
    );
}

/**
 * The commit, and what makes a run of this build something else than a run of that commit.
 * @param more folders that the figures depend on beside the usual ones
 */
export function sourceOf(root: string, more: readonly string[] = []): { commit: string; differs: string[] } {
  const folders = [...FOLDERS, ...more];
  const commit = commitOf(root);
  const changed = git(root, "status", "--porcelain", "--", ...folders, ...FILES, ...RESULTS);
  const changes = changed.split("\n").filter(Boolean);
  return {
    commit,
    differs: [
      ...changes.map((line) => `${line.slice(2).trim()} is not as committed`),
      ...unbuilt(root, folders).map((file) => `${file} is newer than its build`),
    ],
  };
}

/** Flags that change no figure, and are left out of the command: where the data lies, how long to wait for a quiet machine. */
export type Apart = Readonly<Record<string, { readonly type: "string" | "boolean" }>>;

/** A command as one types it in the package's folder. */
export function commandOf(root: string, argv: readonly string[], apart: Apart): string {
  const { tokens } = parseArgs({ args: argv.slice(2), options: apart, strict: false, tokens: true });
  const words = tokens.flatMap((token) => {
    if (token.kind === "positional") return [token.value];
    if (token.kind !== "option" || token.name in apart) return [];
    return [token.rawName, ...(token.value === undefined ? [] : [token.value])];
  });
  return ["node", relative(root, argv[1]), ...words].join(" ");
}

/** The machine, in the words of its own processor. */
export const machine = (): Readonly<Record<string, string | number>> => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  ...(process.env["GLIBC_TUNABLES"] && { tunables: `GLIBC_TUNABLES=${process.env["GLIBC_TUNABLES"]}` }),
});
