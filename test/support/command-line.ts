/** The built command line in a folder of its own, as a user runs it. */
import { type ChildProcess, execFile, fork, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const answering = fileURLToPath(new URL("./answering.mjs", import.meta.url));

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

  /** In a process of its own. */
  const espalier = (...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      execFile(process.execPath, [main, ...args], { cwd: folder }, (error, stdout, stderr) =>
        resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });

  let one: { readonly process: ChildProcess; readonly asked: ((how: Ran | Error) => void)[] } | undefined;
  /**
   * In a process that answers all such calls of the file, one after the other, which spares each a second of starting: for what is refused
   * and what only looks. Whether a command's process ends, and what it leaves when it is stopped, `espalier` tells.
   */
  const asked = (...args: string[]): Promise<Ran> => {
    one ??= answers(folder);
    const { process, asked: waiting } = one;
    return new Promise((resolve, reject) => {
      waiting.push((how) => (how instanceof Error ? reject(how) : resolve(how)));
      process.send(args);
    });
  };
  afterAll(async () => {
    one?.process.disconnect();
    await rm(folder, { recursive: true, force: true });
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
  return { espalier, asked, interrupted, at, json };
}

/** Starts the process that answers; what waits when it ends is told so. */
function answers(cwd: string) {
  const child = fork(answering, { cwd, execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const asked: ((how: Ran | Error) => void)[] = [];
  let fault = "";
  child.stderr?.on("data", (chunk) => {
    fault += chunk;
  });
  child.on("message", (how: Ran) => asked.shift()?.(how));
  child.on("close", (code) => {
    for (const tell of asked.splice(0)) tell(new Error(`the process that answers ended with ${code}: ${fault}`));
  });
  return { process: child, asked };
}
