/** The built command line in a folder of its own, as a user runs it. */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** How a command ended and what it printed. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The folder is made before the tests of the calling file and removed after them. */
export function commandLine() {
  let folder: string;
  const at = (...parts: string[]) => join(folder, ...parts);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "espalier-test-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const espalier = (...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      execFile(process.execPath, [main, ...args], { cwd: folder }, (error, stdout, stderr) =>
        resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });

  /** Sends one SIGINT as soon as the command says something: a second one would end it at once. */
  async function interrupted(sign: string, ...args: string[]): Promise<Ran> {
    const child = spawn(process.execPath, [main, ...args], { cwd: folder });
    const said = { stdout: "", stderr: "" };
    let sent = false;
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].on("data", (chunk) => {
        said[stream] += chunk;
        if (sent || !said[stream].includes(sign)) return;
        sent = true;
        child.kill("SIGINT");
      });
    const status = await new Promise<number>((resolve) => child.on("close", (code) => resolve(Number(code))));
    return { status, ...said };
  }

  const json = async (...parts: string[]) => JSON.parse(await readFile(at(...parts), "utf8"));
  return { espalier, interrupted, at, json };
}
