/**
 * A sweep through a real Redis, or a PostgreSQL that ESPALIER_POSTGRES names: workers that are killed, a Redis that forgets everything, and the bytes of a sweep on one machine. It wants
 * redis-server (Debian: apt-get install redis-server) and `npm install --no-save bullmq ioredis`, and says what is not here.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, at, json } = commandLine();
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

const bullmq: string = "bullmq"; // need not be installed
const hasBullMq = await import(bullmq).then(
  () => true,
  () => false,
);
function hasRedis(): boolean {
  try {
    execFileSync("redis-server", ["--version"]);
    return true;
  } catch {
    return false;
  }
}
const missing = [hasBullMq ? "" : "bullmq", hasRedis() ? "" : "redis-server"].filter(Boolean).join(" and ");

const started = new Set<ChildProcess>();
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
});
function start(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { cwd: at(), stdio: "ignore" });
  started.add(child);
  child.on("exit", () => started.delete(child));
  return child;
}

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

/** Bytes of the models of a sweep, and its trials. */
async function outcomes(folder: string) {
  const { trials, front } = await json(folder, "sweep.json");
  const finished = trials.filter((t: { state: string }) => t.state === "finished");
  const bytes = finished.map(async ({ key }: { key: string }) =>
    createHash("sha256")
      .update(await readFile(at(folder, "trials", key, "small.onnx")))
      .digest("hex"),
  );
  return { trials, front, bytes: await Promise.all(bytes) };
}

const SWEEP = `model: logistic
data: digits
limit-train: 200
epochs: 4
threads: 1
groups: input-channel
search: random
trials: 4
stopping: { first: 2, factor: 2 }
space: { lambda: { from: 1e-3, to: 0.1, log: true }, optimizer: [rmda, prox-sgd] }
`;

test.skipIf(missing !== "" || process.platform === "win32")(
  `trials through Redis, killed workers and a Redis that forgets${missing && ` — left out: ${missing} is not here`}`,
  async () => {
    await writeFile(at("sweep.yaml"), SWEEP);
    expect((await espalier("sweep", "--config", "sweep.yaml", "--out", "alone")).status).toBe(0);
    const port = await freePort();
    mkdirSync(at("redis"));
    const redis = () =>
      start("redis-server", "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", at("redis"));
    const queue = `redis://127.0.0.1:${port}`;
    const worker = () => start(process.execPath, main, "worker", "--queue", queue);
    let server = redis();
    let workers = [worker(), worker()];
    const sweep = espalier("sweep", "--config", "sweep.yaml", "--out", "shared", "--queue", queue);
    let over = false;
    const ended = sweep.finally(() => {
      over = true;
    });
    for (let round = 0; !over; round++) {
      await new Promise((resolve) => setTimeout(resolve, 4000));
      if (over || round > 3) continue;
      if (round === 1) {
        server.kill("SIGKILL");
        server = redis();
      } else {
        workers[0].kill("SIGKILL");
        workers = [workers[1], worker()];
      }
    }
    const { status, stderr } = await ended;
    expect(status, stderr).toBe(0);
    expect(await outcomes("shared")).toEqual(await outcomes("alone"));
  },
  240_000,
);

const address = process.env["ESPALIER_POSTGRES"];
test.skipIf(!hasBullMq || !address)(
  `trials through PostgreSQL${address ? "" : " — left out: ESPALIER_POSTGRES names none, as postgres://espalier@127.0.0.1:5432/trials"}`,
  async () => {
    await writeFile(at("sweep.yaml"), SWEEP);
    expect((await espalier("sweep", "--config", "sweep.yaml", "--out", "alone", "--overwrite")).status).toBe(0);
    let worker = start(process.execPath, main, "worker", "--queue", address!);
    const sweep = espalier("sweep", "--config", "sweep.yaml", "--out", "by-postgres", "--queue", address!);
    await new Promise((resolve) => setTimeout(resolve, 6000));
    worker.kill("SIGKILL");
    worker = start(process.execPath, main, "worker", "--queue", address!);
    const { status, stderr } = await sweep;
    expect(status, stderr).toBe(0);
    expect(await outcomes("by-postgres")).toEqual(await outcomes("alone"));
  },
  240_000,
);

test("an address that is none is refused, and what is not installed is said", async () => {
  const { status, stderr } = await espalier("worker", "--queue", "localhost");
  expect([status, stderr]).toEqual([2, expect.stringMatching(/no such queue[\s\S]*redis:\/\/HOST:PORT/)]);
  expect((await espalier("worker")).stderr).toContain("a worker wants a queue");
});
