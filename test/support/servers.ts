/** Servers of this machine alone, started and stopped by the scripts that a user has: scripts/one-node-*.sh. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll } from "vitest";

const run = promisify(execFile);

/** What can be started, and where its program lies once its package is installed. */
const programs = {
  redis: "/usr/bin/redis-server",
  postgresql: "/usr/lib/postgresql",
  slurm: "/usr/sbin/slurmctld",
} as const;

/** A port of this machine that nobody has. */
const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });

/**
 * A server with a folder of its own; it is stopped, and the folder removed, after the tests of the calling file.
 * @returns undefined where it is not installed; scripts/servers.mjs does so
 */
export function serverOf(name: keyof typeof programs) {
  if (!existsSync(programs[name])) return undefined;
  const script = fileURLToPath(new URL(`../../scripts/one-node-${name}.sh`, import.meta.url));
  let place: { readonly folder: string; readonly port: number } | undefined;
  const call = (...args: string[]) => run("sh", [script, ...args]);

  /** Starts it; a second time on the same port, with what it left in its folder. */
  async function start() {
    if (!place) {
      const folder = await mkdtemp(join(tmpdir(), `espalier-${name}-`));
      await chmod(folder, 0o755); // PostgreSQL is another user
      place = { folder, port: await freePort() };
    }
    await call(join(place.folder, "server"), String(place.port));
    return { folder: join(place.folder, "server"), port: place.port };
  }
  afterAll(async () => {
    if (!place) return;
    await call(join(place.folder, "server"), "stop");
    await rm(place.folder, { recursive: true, force: true });
  });
  /** Of the process that wrote this file when it began. */
  const pid = async (file: string) => Number(await readFile(join(place?.folder ?? "", "server", file), "utf8"));
  return { start, pid };
}
