/** From a command to what a user waits for: the end of its help, or the first finished step of a training run. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./arguments.ts";

const main = join(root(), "dist/cli/main.js");
const run = promisify(execFile);

/** Seconds that `espalier --help` takes. */
export async function helpOf(): Promise<number> {
  const start = performance.now();
  await run(process.execPath, [main, "--help"]);
  return (performance.now() - start) / 1000;
}

/**
 * Seconds from the start of `espalier train` until a terminal shows the first finished step; the run is ended there. The terminal is
 * that of script (util-linux), since progress is drawn on a terminal alone.
 * @param args of `espalier train`
 * @throws Error when there is no `script`, or when the run ends before its first step
 */
export async function secondsToFirstStep(args: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "espalier-start-"));
  const words = [process.execPath, main, "train", ...args, "--epochs", "1", "--out", join(folder, "run")];
  const start = performance.now();
  const child = spawn("script", ["-qec", words.map((word) => `'${word}'`).join(" "), "/dev/null"], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      let shown = "";
      child.once("error", () =>
        reject(new Error("script (util-linux) is needed: it is the terminal that shows progress")),
      );
      child.once("exit", () => reject(new Error(`${words.join(" ")} ended before its first step: ${shown}`)));
      child.stdout.on("data", (text) => {
        shown += text;
        if (shown.includes("ms/step")) resolve((performance.now() - start) / 1000);
      });
    });
  } finally {
    const ended = new Promise((resolve) => child.once("close", resolve));
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}
